from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = _("报单")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import exports, receivers

        assert exports
        assert receivers

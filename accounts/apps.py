from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("小区与人员")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import exports, receivers

        assert exports
        assert receivers

from django.apps import AppConfig

from community_report.core.database import install


class SiteConfig(AppConfig):
    name = "community_report.site"
    label = "site"

    def ready(self) -> None:
        install()

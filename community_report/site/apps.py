from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "community_report.site"
    label = "site"

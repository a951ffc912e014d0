from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    """Django's admin on our site."""

    default_site = "community_report.site.desk.site.DeskSite"

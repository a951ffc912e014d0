"""How the theme of the back office is dressed (`settings.UNFOLD`). Read with the settings: knows no app."""

from typing import Any

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

#: The pages' green, dark enough to carry white words where the theme puts them (600 and up).
_GREEN = {
    "50": "#eefaf3",
    "100": "#e3f7ec",
    "200": "#b9ebcf",
    "300": "#80dba9",
    "400": "#3ccf85",
    "500": "#22b36c",
    "600": "#0a7a43",
    "700": "#086338",
    "800": "#0a4f2f",
    "900": "#09402a",
    "950": "#05301a",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("小区信息上报系统"),
    "SITE_HEADER": _("小区信息上报"),
    "SITE_SUBHEADER": _("物业管理后台"),
    "SITE_SYMBOL": "apartment",
    "SITE_URL": "/h5/manage",
    "BORDER_RADIUS": "8px",
    "COLORS": {"primary": _GREEN},
    "SHOW_BACK_BUTTON": True,
    "SHOW_HISTORY": False,  # Django's knows of no service; 操作记录 has everything
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": "/h5/me/comfort"},
    "LOGIN": {"form": "community_report.site.desk.login.LoginForm"},
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("img/desk.svg")},
    ],
    "STYLES": [lambda _request: static("css/admin.css")],
    "SIDEBAR": {"navigation": "community_report.site.desk.sidebar.navigation"},
    "TABS": "community_report.site.desk.sidebar.tabs",
}

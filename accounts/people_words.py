"""What managers of people choose from, in words: on a phone and in the back office."""

from django.utils.translation import gettext_lazy as _

#: What each permission lets a person do.
PERMISSION_WORDS = {
    "manage_reports": _("看和管理全部报单"),
    "manage_people": _("审核绑定、管理人员"),
    "publish_notices": _("发布公告"),
    "view_statistics": _("看统计"),
}
#: How many hours an invitation lives.
HOURS = {24: _("1 天"), 72: _("3 天"), 168: _("7 天")}

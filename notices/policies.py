"""Who may publish."""

from django.utils.translation import gettext as _

from accounts.models import Community, User
from accounts.policies import standing_of
from community_report.core.errors import Forbidden


def must_publish(actor: User, community: Community) -> None:
    """Raises Forbidden unless this person publishes notices in this community."""
    if not standing_of(actor).may("publish_notices", community.pk):
        raise Forbidden(_("只有物业管理人员可以发布公告"))

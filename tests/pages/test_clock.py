"""By whose clock pages show times: the community's, also in lists and in the back office."""

from datetime import UTC, datetime

import pytest

from accounts.models import Community, Membership
from notices.models import Notice
from notices.services import publish_notice
from tests.admin.test_admin import client_of
from tests.factories import Cast, role_of
from tests.pages.opening import open_page

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 1, 2, 9, 30, tzinfo=UTC)
TOKYO, SHANGHAI = "2026-01-02 18:30", "2026-01-02 17:30"


@pytest.fixture(autouse=True)
def tokyo(cast: Cast) -> None:
    """A community one hour ahead of the server's clock, with a notice."""
    Community.objects.filter(pk=cast.community.pk).update(timezone="Asia/Tokyo")
    made = publish_notice(actor=cast.manager, community=cast.community, title="停水", body="明早")
    Notice.objects.filter(pk=made.pk).update(publish_at=MOMENT, published_at=MOMENT)


def test_a_list_is_on_the_clock_of_the_one_community(cast: Cast) -> None:
    assert f'title="{TOKYO}"' in open_page(cast.resident, "notices").html


def test_who_belongs_to_several_zones_sees_the_servers_clock(cast: Cast) -> None:
    other = role_of(cast.other_community, "resident")
    Membership.objects.create(user=cast.resident, community=cast.other_community, role=other, status="active")
    assert f'title="{SHANGHAI}"' in open_page(cast.resident, "notices").html


def test_the_back_office_is_on_its_managers_clock(cast: Cast) -> None:
    page = client_of(cast.manager).get("/admin/notices/notice/").content.decode()
    assert "18:30" in page
    assert "17:30" not in page


def test_a_zone_that_there_is_not_breaks_no_page(cast: Cast) -> None:
    Community.objects.filter(pk=cast.community.pk).update(timezone="Asia/Beijing")
    assert f'title="{SHANGHAI}"' in open_page(cast.resident, "notices").html

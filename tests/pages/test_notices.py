"""/h5/notices: the list, one notice, and for managers writing, reach and readers."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Building, Community, User
from dispatch.models import Contact
from notices.models import GroupMessageCount, Notice, NoticeRead
from notices.services import Audience, mark_read, publish_notice
from notices.views import reading_words
from tests.conftest import ApiClient
from tests.factories import Cast, bind, make_home, role_of

from .opening import browser_of, open_page

DOT = "badge-dot"


def notice(cast: Cast, title: str = "停水通知", **fields: object) -> Notice:
    return publish_notice(actor=cast.manager, community=cast.community, title=title, body="明天上午停水。", **fields)


def test_unread_ones_carry_a_dot_until_they_are_opened(cast: Cast) -> None:
    published = notice(cast)
    before = open_page(cast.resident, "notices")
    assert "停水通知" in before.words
    assert DOT in before.html
    opened = open_page(cast.resident, f"notices/{published.pk}")
    assert "明天上午停水。" in opened.words
    assert DOT not in open_page(cast.resident, "notices").html
    assert NoticeRead.objects.filter(notice=published, user=cast.resident).count() == 1


def test_pinned_ones_come_first_then_the_newest(cast: Cast) -> None:
    notice(cast, "置顶的", pinned=True)
    notice(cast, "先发的")
    notice(cast, "后发的")
    words = open_page(cast.resident, "notices").words
    assert words.index("置顶的") < words.index("后发的") < words.index("先发的")


def test_a_pinned_one_is_not_listed_twice_further_down(cast: Cast) -> None:
    notice(cast, "置顶的", pinned=True)
    for n in range(3):
        notice(cast, f"第{n}条")
    first = open_page(cast.resident, "notices?limit=2")
    further = next(link for link in first.links() if "cursor=" in link)
    second = open_page(cast.resident, f"notices{further}").words
    assert "第0条" in second
    assert "置顶的" not in second


def test_a_notice_for_others_is_a_404(cast: Cast) -> None:
    for_staff = notice(cast, audience=Audience(["cleaner"]))
    assert open_page(cast.cleaner, f"notices/{for_staff.pk}").status == 200
    assert open_page(cast.resident, f"notices/{for_staff.pk}").status == 404
    assert "停水通知" not in open_page(cast.resident, "notices").words


def test_what_is_not_for_the_manager_is_not_unread_to_them(cast: Cast) -> None:
    notice(cast, audience=Audience(["cleaner"]))
    page = open_page(cast.manager, "notices")
    assert "停水通知" in page.words
    assert DOT not in page.html


def test_a_scheduled_one_is_the_managers_alone_and_not_read_by_looking(cast: Cast) -> None:
    later = notice(cast, "国庆安排", publish_at=timezone.now() + timedelta(days=2))
    assert "定时发布" in open_page(cast.manager, "notices").words
    assert "将发给 6 人" in open_page(cast.manager, f"notices/{later.pk}").words
    assert not NoticeRead.objects.filter(notice=later).exists()
    assert "国庆安排" not in open_page(cast.resident, "notices").words
    assert open_page(cast.resident, f"notices/{later.pk}").status == 404


def test_managers_see_how_many_have_read_it(cast: Cast) -> None:
    published = notice(cast, audience=Audience(["resident"]))
    mark_read(actor=cast.resident, notice=published)
    page = open_page(cast.manager, f"notices/{published.pk}")
    assert "1 人已读 1 人未读 50%" in page.words
    assert "王先生" in page.words
    assert "data-withdraw" in page.html
    other = open_page(cast.resident, f"notices/{published.pk}")
    assert "人已读" not in other.words
    assert "data-withdraw" not in other.html


def test_the_body_is_shown_as_text_with_links(cast: Cast) -> None:
    body = "看 https://example.com/a <script>x</script>"
    published = publish_notice(actor=cast.manager, community=cast.community, title="<b>注意</b>", body=body)
    html = open_page(cast.resident, f"notices/{published.pk}").html
    assert "&lt;b&gt;注意" in html
    assert "<script>x" not in html
    assert 'href="https://example.com/a"' in html


@pytest.mark.parametrize(("length", "words"), [(1, "约 1 分钟读完"), (700, "约 2 分钟读完"), (3500, "约 10 分钟读完")])
def test_the_reading_time_goes_by_the_length(length: int, words: str) -> None:
    assert reading_words("水" * length) == words


def test_the_form_offers_roles_and_buildings_and_says_the_reach(cast: Cast) -> None:
    page = open_page(cast.manager, "notices/new")
    assert page.status == 200
    assert 'value="cleaner"' in page.html
    assert 'value="6幢"' in page.html
    offered = [page.html.index(f'value="{slug}"') for slug in ("resident", "cleaner", "plumber", "manager")]
    assert offered == sorted(offered)
    assert "会发给 6 人，其中 6 人能在微信收到" in page.words


@pytest.mark.parametrize(
    ("query", "people"),
    [("", 6), ("roles=cleaner", 2), ("roles=cleaner&roles=resident", 4), ("buildings=6幢", 2), ("buildings=7幢", 1)],
)
def test_the_reach_counts_people_not_memberships(cast: Cast, query: str, people: int) -> None:
    bind(cast.neighbour, role_of(cast.community, "resident"), make_home(cast.community, building="7幢", room="101"))
    bind(cast.manager, role_of(cast.community, "plumber"))
    bind(cast.plumber, role_of(cast.community, "manager"))
    bind(cast.cleaner, role_of(cast.community, "manager"))
    assert Building.objects.filter(community=cast.community).count() == 2
    answer = browser_of(cast.manager).get(f"/h5/notices/reach?{query}").content.decode()
    assert f'data-people="{people}"' in answer


def test_the_form_says_how_many_group_messages_are_left(cast: Cast) -> None:
    month = (timezone.now() + timedelta(hours=8)).date().replace(day=1)  # China keeps no summer time
    last_month = (month - timedelta(days=1)).replace(day=1)
    for person, when, sent in ((cast.resident, month, 4), (cast.cleaner, month, 1), (cast.plumber, last_month, 4)):
        GroupMessageCount.objects.create(user=person, month=when, sent=sent)
    words = "4 人还剩 4 次；1 人还剩 3 次；1 人已用完"
    page = open_page(cast.manager, "notices/new")
    assert words in page.words
    assert 'name="by_group_message"' in page.html
    everybody, residents = (open_page(cast.manager, f"notices/reach?{query}").html for query in ("", "roles=resident"))
    assert words in everybody
    assert "1 人还剩 4 次；1 人已用完" in residents


def test_the_form_says_who_gets_it_in_wechat(cast: Cast) -> None:
    """As `reason_to_skip` would have it: each of these four is only told in the inbox."""
    User.objects.filter(pk=cast.neighbour.pk).update(openid=None)
    User.objects.filter(pk=cast.cleaner.pk).update(muted_kinds=["urged", "notice"])
    User.objects.filter(pk=cast.cleaner2.pk).update(muted_kinds=["urged"])
    Contact.objects.create(user=cast.plumber, subscribed=False)
    Contact.objects.create(user=cast.resident, subscribed=True)
    assert "其中 3 人能在微信收到" in open_page(cast.manager, "notices/new").words


def test_the_preview_is_what_residents_see(cast: Cast) -> None:
    client = browser_of(cast.manager)
    frame = client.get("/h5/notices/preview")
    assert frame["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in frame["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in client.get("/h5/notices")["Content-Security-Policy"]
    said = {
        "title": "<b>停水</b>",
        "body": "一\n二 https://example.com/ <script>",
        "pictures": "2",
        "expires_at": "2099-1",
    }
    html = client.post("/h5/notices/preview", said).content.decode()
    notice(cast)
    assert "&lt;b&gt;停水" in html
    assert "一<br>二" in html
    assert 'href="https://example.com/"' in html
    assert "<script>" not in html
    assert html.count("data-picture") == 2
    assert Notice.objects.count() == 1
    assert browser_of(cast.resident).post("/h5/notices/preview", said).status_code == 403


def test_its_times_are_the_communitys_wherever_the_manager_is(cast: Cast) -> None:
    Community.objects.filter(pk=cast.community.pk).update(timezone="Asia/Tokyo")
    words = {"community": "fuchen", "title": "停水", "body": "明早", "publish_at": "2099-01-02T09:00"}
    status, made = ApiClient(cast.manager).post("notices", words)
    assert (status, made["publish_at"]) == (201, "2099-01-02T00:00:00Z")
    page = open_page(cast.manager, f"notices/{made['id']}/edit").html
    assert 'value="2099-01-02T09:00"' in page
    again = {"publish_at": "2099-01-02T09:00", "expires_at": "2099-01-03T09:00"}
    assert ApiClient(cast.manager).patch(f"notices/{made['id']}", again)[0] == 200
    saved = Notice.objects.get()
    assert [moment.isoformat() for moment in (saved.publish_at, saved.expires_at) if moment] == [
        "2099-01-02T00:00:00+00:00",
        "2099-01-03T00:00:00+00:00",
    ]
    assert "09:00" in open_page(cast.manager, f"notices/{made['id']}").words


def test_the_reach_is_no_strangers_to_ask(cast: Cast) -> None:
    assert browser_of(cast.resident).get("/h5/notices/reach").status_code == 403
    assert browser_of(cast.manager).get("/h5/notices/reach?roles=nobody").status_code == 404


@pytest.mark.parametrize("person", ["resident", "cleaner", "stranger"])
def test_only_managers_write(cast: Cast, person: str) -> None:
    published = notice(cast)
    user = getattr(cast, person)
    assert open_page(user, "notices/new").status == 403
    assert open_page(user, f"notices/{published.pk}/edit").status == (404 if person == "stranger" else 403)


def test_one_that_is_out_keeps_its_audience(cast: Cast) -> None:
    out = notice(cast)
    later = notice(cast, publish_at=timezone.now() + timedelta(days=1), audience=Audience(["cleaner"]))
    assert 'name="roles"' not in open_page(cast.manager, f"notices/{out.pk}/edit").html
    form = open_page(cast.manager, f"notices/{later.pk}/edit").html
    assert 'value="cleaner" id="role-cleaner" checked' in form
    assert "明天上午停水。" in form


def test_who_is_bound_nowhere_is_told_calmly(cast: Cast) -> None:
    page = open_page(cast.stranger, "notices")
    assert page.status == 403
    assert "/h5/bind" in page.links()


def test_english_counts_one_reader_as_one(cast: Cast) -> None:
    notice = publish_notice(actor=cast.manager, community=cast.community, title="停水", body="明早")
    User.objects.update(language="en")
    mark_read(actor=cast.resident, notice=notice)
    assert "1 has read it" in open_page(cast.manager, "notices").words
    mark_read(actor=cast.neighbour, notice=notice)
    assert "2 have read it" in open_page(cast.manager, "notices").words

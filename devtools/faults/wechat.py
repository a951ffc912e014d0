"""WeChat busy, broken, silent, slow, out of quota, out of tokens; people who cannot be reached."""

from typing import Any

from devtools.faults.registry import MESSAGES, TEMPLATE, Scene, clock, expect, fault
from devtools.waiting import until

Spoil = dict[str, Any]
TOKEN = "^/cgi-bin/(stable_)?token"
OUTAGE = 20.0


def _outage(scene: Scene, spoil: Spoil, seconds: float = OUTAGE) -> None:
    """WeChat fails in one way for some seconds; then everything arrives within a minute."""
    scene.sandbox.fault(match=MESSAGES, **spoil)
    reports = [scene.file() for _ in range(3)]
    scene.wait_for_hits(1)
    scene.pause(seconds)
    hits = scene.hits()
    scene.sandbox.clear_faults()
    began = clock()
    for report in reports:
        scene.wait_shown(report)
    scene.note(f"{hits} calls in {seconds:.0f} s; all sent {clock() - began:.1f} s after the end")


#: Name, numbers of the catalogue, what WeChat does.
OUTAGES: list[tuple[str, tuple[int, ...], str, Spoil]] = [
    ("wechat-busy", (16,), "answers -1 (busy)", {"kind": "json", "errcode": -1}),
    ("wechat-502", (13,), "answers 502 with a page", {"kind": "http", "status": 502}),
    ("wechat-html", (13, 26), "answers 200 with a page", {"kind": "html"}),
    ("wechat-drops", (13,), "cuts every connection", {"kind": "drop"}),
    ("wechat-nothing", (14,), "takes the call and never answers", {"kind": "nothing", "seconds": 60}),
    ("wechat-drip", (15,), "sends its answer byte by byte", {"kind": "drip", "seconds": 1.0}),
    ("wechat-per-minute", (20,), "answers 45011 (too many a minute)", {"kind": "json", "errcode": 45011}),
    ("wechat-40001-for-ever", (18,), "refuses every token (40001)", {"kind": "json", "errcode": 40001}),
]


def _register(name: str, numbers: tuple[int, ...], says: str, spoil: Spoil) -> None:
    def act(scene: Scene) -> None:
        _outage(scene, spoil)

    act.__doc__ = f"WeChat {says} for {OUTAGE:.0f} s"
    fault(name, *numbers)(act)


for row in OUTAGES:
    _register(*row)


@fault("wechat-slow", 14)
def wechat_slow(scene: Scene) -> None:
    """WeChat takes 10 s for one person, longer than the time-out, and did take the message; others are not kept"""
    scene.sandbox.fault("slow", TEMPLATE, body=scene.town.openid("zhang"), seconds=10)
    reports = [scene.file() for _ in range(3)]
    began = clock()
    until(lambda: all(scene.shown("wang", report) for report in reports), 30, "the others waited")
    scene.note(f"wang had all after {clock() - began:.1f} s")
    scene.pause(10)
    scene.sandbox.clear_faults()
    for report in reports:
        scene.wait_shown(report)


@fault("text-answer-lost", 2)
def text_answer_lost(scene: Scene) -> None:
    """the answer to a text is lost twice after WeChat took it: it comes again, and is counted"""
    with scene.texts():
        scene.texts_may_repeat = True
        scene.sandbox.fault("drop", "^/cgi-bin/message/custom/send", after=True, times=2)
        report = scene.file()
        scene.wait_for_hits(2)
        until(lambda: sum(scene.shown(host, report) for host in scene.staff) >= 4, 60, "nothing came again")


@fault("template-answer-lost", 2)
def template_answer_lost(scene: Scene) -> None:
    """the answer to a template is lost twice after WeChat took it: it is seen once"""
    scene.sandbox.fault("drop", TEMPLATE, after=True, times=4)
    scene.file()
    scene.wait_for_hits(4, 60)


@fault("tokens-revoked", 17)
def tokens_revoked(scene: Scene) -> None:
    """another program has renewed the token: ours is refused (40001), then expired (42001)"""
    for action in ("revoke", "expire"):
        scene.file()
        scene.wait_shown(scene.file())
        scene.sandbox.tokens(action)
        before = scene.sandbox.last()
        took = scene.wait_shown(scene.file())
        renewals = len(scene.sandbox.journal(after=before, kind="api", path="/cgi-bin/stable_token", limit=1000))
        scene.note(f"after {action}: {took:.1f} s, {renewals} renewals")
        expect(renewals <= 2, f"{renewals} renewals")


@fault("token-clock", 32, 33)
def token_clock(scene: Scene) -> None:
    """WeChat's clock is 10 minutes ahead: tokens end before we think so"""
    scene.wait_shown(scene.file())
    scene.sandbox.call("POST", "clock", json={"skew": 7200 - 100})
    before = scene.sandbox.last()
    took = scene.wait_shown(scene.file())
    scene.sandbox.call("POST", "clock", json={"skew": 7200 + 300})
    took = max(took, scene.wait_shown(scene.file()))
    calls = scene.sandbox.journal(after=before, kind="api", limit=1000)
    refused = sum(1 for call in calls if call["errcode"] in (40001, 42001))
    scene.note(f"sent within {took:.1f} s, {refused} calls refused")
    scene.sandbox.call("POST", "clock", json={"skew": 0})


@fault("token-address-away", 13, 18)
def token_address_away(scene: Scene) -> None:
    """no token is to be had for 20 s, and the last one is refused"""
    scene.sandbox.fault("http", TOKEN, status=502)
    scene.sandbox.tokens("revoke")
    report = scene.file()
    scene.pause(OUTAGE)
    hits = scene.hits()
    scene.sandbox.clear_faults()
    scene.note(f"{hits} times asked for; sent {scene.wait_shown(report):.1f} s after the end")


@fault("quota-of-the-day", 19)
def quota(scene: Scene) -> None:
    """45009: the day's quota is used up, and given again after 30 s; nothing is dropped, nothing hammers"""
    scene.sandbox.fault("json", TEMPLATE, errcode=45009)
    reports = [scene.file() for _ in range(10)]
    scene.wait_for_hits(1)
    scene.pause(30)
    hits = scene.hits()
    scene.sandbox.clear_faults()
    began = clock()
    for report in reports:
        scene.wait_shown(report, 90)
    scene.note(f"{hits} calls for 20 messages in 30 s; all sent {clock() - began:.1f} s after")
    scene.settled_within = 90


@fault("window-closed", 21)
def window_closed(scene: Scene) -> None:
    """45015 for texts to one person and no other channel: the delivery ends with its code, the other is sent"""
    with scene.texts():
        scene.may_end_with = {"45015"}
        scene.sandbox.fault("json", "^/cgi-bin/message/custom/send", body=scene.town.openid("zhang"), errcode=45015)
        report = scene.file()
        until(lambda: scene.shown("wang", report) > 0, 20, "the other was not told")
        scene.pause(5)
        scene.note(f"{scene.hits()} call for the one who cannot be reached")
        expect(scene.hits() == 1, "asked again what cannot be")


@fault("template-wrong", 23)
def template_wrong(scene: Scene) -> None:
    """40037: WeChat does not know the template; the text takes over, and the operator sees a trouble"""
    from dispatch.models import Trouble
    from dispatch.services.troubles import FIRST_STOP_PAUSE

    scene.sandbox.settings(enforce=False)
    scene.sandbox.fault("json", TEMPLATE, errcode=40037)
    took = scene.wait_shown(scene.file())
    troubles = list(Trouble.objects.values_list("key", flat=True))
    scene.note(f"by text in {took:.1f} s; troubles: {troubles}")
    expect(any(key.startswith("40037") for key in troubles), "no trouble is noted")
    scene.sandbox.clear_faults()
    scene.pause(FIRST_STOP_PAUSE.total_seconds() + 1)  # then the next message asks
    scene.wait_shown(scene.file())
    until(lambda: not Trouble.objects.exists(), 10, "the trouble stays although it works again")


@fault("unfollows-in-the-middle", 22)
def unfollows(scene: Scene) -> None:
    """somebody unfollows while their message waits: skipped, in the inbox, and told again after a new follow"""
    scene.may_end_with = {"43004", "unfollowed"}
    scene.sandbox.fault("json", TEMPLATE, body=scene.town.openid("zhang"), errcode=-1)
    scene.file()
    scene.wait_for_hits(2)
    scene.sandbox.act("zhang", "unfollow")
    scene.sandbox.clear_faults()
    _until_settled(scene)
    inbox = scene.person("zhang").ask("GET", "/api/v1/inbox?unread=1")
    expect(bool(inbox.body["results"]), "it is not in the inbox")
    scene.sandbox.act("zhang", "follow")
    scene.note(f"after a new follow told in {scene.wait_shown(scene.file()):.1f} s")


@fault("unfollowed-unknown", 22)
def unfollowed_unknown(scene: Scene) -> None:
    """43004 for somebody of whom we believe that they follow: asked once, then left alone"""
    scene.may_end_with = {"43004", "unfollowed"}
    scene.sandbox.fault("json", TEMPLATE, body=scene.town.openid("zhang"), errcode=43004)
    scene.file()
    scene.wait_for_hits(1)
    _until_settled(scene)
    scene.file()
    _until_settled(scene)
    expect(scene.hits() == 1, f"asked {scene.hits()} times")
    scene.sandbox.clear_faults()
    # WeChat's word that they follow after all.
    scene.pause(1)
    scene.sandbox.act("zhang", "unfollow")
    scene.sandbox.act("zhang", "follow")
    scene.wait_shown(scene.file())


@fault("erased-during-push", 42)
def erased(scene: Scene) -> None:
    """an account is erased while a message to it is on its way: delivered or gone, never to somebody else"""
    from accounts.models import Membership, Role, User
    from dispatch.models import Delivery

    scene.sandbox.new_phone("gone", openid="oGone0000000000000000000001", subscribed=True)
    role = Role.objects.get(community__slug="fuchen", slug="cleaner")
    gone = User.objects.create_user(openid="oGone0000000000000000000001", display_name="gone")
    gone.groups.add(role.group)
    Membership.objects.create(user=gone, community=role.community, role=role, status="active", name="gone")
    scene.town.people["gone"], scene.town.openids["gone"] = gone, str(gone.openid)
    scene.sandbox.fault("nothing", TEMPLATE, body=str(gone.openid), seconds=4, times=1)
    report = scene.file()
    scene.wait_for_hits(1)
    answer = scene.person("gone").ask("DELETE", "/api/v1/me")
    expect(answer.status == 204, f"the erasure was answered {answer.status} {answer.body}")
    scene.pause(6)
    expect(not Delivery.objects.filter(user=gone).exists(), "a delivery to the erased person is left")
    seen = sum(scene.shown(host, report) for host in ("zhang", "wang"))
    scene.note(f"the erased phone shows {scene.shown('gone', report)}, the others {seen} messages of it")


def _until_settled(scene: Scene) -> None:
    from devtools.faults.checker import unsettled

    until(lambda: not unsettled(scene.since), 60, "not settled in time")

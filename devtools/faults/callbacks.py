"""What WeChat posts to us: copies, disorder, four things at once, and what we fail to deal with."""

import threading
import time
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from devtools.faults.registry import MESSAGES, Scene, clock, expect, fault, word
from devtools.waiting import until

if TYPE_CHECKING:  # models exist only after django.setup()
    from dispatch.models import InboundMessage, Outbox

ROUNDS = 20


@fault("three-copies", 34)
def copies(scene: Scene) -> None:
    """the same message three times in the same instant and once more 5 s later: one row, one effect, the same reply"""
    for number in range(ROUNDS):
        xml = _xml("zhao", scene, MsgType="text", Content=word(), MsgId=str(time.time_ns() + number))
        entries = _together(*[lambda xml=xml: scene.sandbox.call("POST", "callbacks/raw", json=_raw(xml))] * 3)
        replies = {str(entry["reply"]) for entry in entries}
        expect(len(replies) == 1 and all(len(entry["tries"]) == 1 for entry in entries), f"{entries}")
    scene.pause(5)
    late = scene.sandbox.call("POST", "callbacks/raw", json=_raw(xml))
    expect(str(late["reply"]) in replies, "the late copy has another reply")


@fault("out-of-order", 35)
def out_of_order(scene: Scene) -> None:
    """unfollow and follow arrive the wrong way round: the later one by CreateTime counts"""
    from dispatch.models import Contact

    now = int(time.time())
    for event, at in (("subscribe", now + 2), ("unsubscribe", now + 1)):
        scene.sandbox.call("POST", "callbacks/raw", json=_raw(_event("zhang", scene, event, at), "zhang"))
    contact = Contact.objects.get(user=scene.town.people["zhang"])
    expect(contact.subscribed, "the earlier unfollow won")
    scene.wait_shown(scene.file())
    for event, at in (("unsubscribe", now + 4), ("subscribe", now + 3)):
        scene.sandbox.call("POST", "callbacks/raw", json=_raw(_event("zhang", scene, event, at), "zhang"))
    contact.refresh_from_db()
    expect(not contact.subscribed, "the earlier follow won")
    scene.pause(max(0.0, now + 6 - time.time()))
    scene.sandbox.call(
        "POST", "callbacks/raw", json=_raw(_event("zhang", scene, "subscribe", int(time.time())), "zhang")
    )


@fault("four-at-once", 36)
def four_at_once(scene: Scene) -> None:
    """three pictures and a text of one person in the same instant: one draft"""
    from reports.models import Draft

    _together(
        *[lambda: scene.sandbox.act("zhao", "image", photo="leak")] * 3,
        lambda: scene.say(),
    )
    drafts = Draft.objects.filter(owner=scene.town.people["zhao"], ended_at=None)
    expect(drafts.count() == 1, f"{drafts.count()} drafts")
    draft = drafts.get()
    until(lambda: draft.attachments.filter(status="stored").count() == 3, 30, "the pictures are not stored")
    scene.note("one draft with the text and three stored pictures")


@fault("callbacks-without-workers", 6)
def without_workers(scene: Scene) -> None:
    """no worker, no Redis, WeChat's API away: what people write is stored and answered all the same"""
    scene.sandbox.fault("drop", "^/cgi-bin/")
    scene.stage.kill("worker")
    scene.stage.services.valkey.kill()
    entries = [scene.say() for _ in range(10)]
    report = scene.file()
    expect(all(entry["reply"] for entry in entries), "somebody had no reply")
    slowest = max(one["seconds"] for entry in entries for one in entry["tries"])
    scene.sandbox.clear_faults()
    scene.stage.services.valkey.start()
    began = clock()
    scene.stage.start("worker")
    scene.wait_shown(report)
    scene.note(f"slowest reply {slowest:.2f} s; the report was pushed {clock() - began:.1f} s after the worker's start")


def _raw(xml: str, host: str = "zhao") -> dict[str, str]:
    return {"phone": host, "xml": xml}


def _event(host: str, scene: Scene, event: str, at: int) -> str:
    return _xml(host, scene, CreateTime=str(at), MsgType="event", Event=event, EventKey="")


def _xml(host: str, scene: Scene, **fields: str) -> str:
    common = {"ToUserName": "gh_fuchen_demo", "FromUserName": scene.town.openid(host)}
    values = common | {"CreateTime": str(int(time.time()))} | fields
    return "<xml>" + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items()) + "</xml>"


def _together(*calls: Any) -> list[dict[str, Any]]:
    barrier, results = threading.Barrier(len(calls)), list[dict[str, Any]]()

    def run(call: Any) -> None:
        barrier.wait(20)
        results.append(call())

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@fault("poison", 24)
def poison(scene: Scene) -> None:
    """a telling that cannot be routed, a message that we fail on: others flow, both are seen, mended and replayed"""
    from dispatch.models import InboundMessage, Outbox

    nobody = {"occasion": "media_failed", "person": "x"}
    telling = Outbox.objects.create(key=f"poison:{word()}", kind="progress", data=nobody)
    scene.say()
    message = InboundMessage.objects.filter(kind="text").latest("id")
    whole = {**message.payload, "Content": word()}
    broken = {**whole, "CreateTime": "soon"}
    InboundMessage.objects.filter(pk=message.pk).update(payload=broken, handled_at=None, error="broken on purpose")
    scene.note(f"a report meanwhile was pushed in {scene.wait_shown(scene.file()):.1f} s")
    until(lambda: Outbox.objects.get(pk=telling.pk).attempts >= 2, 70, "the telling is not tried again")
    until(lambda: InboundMessage.objects.get(pk=message.pk).attempts >= 1, 70, "the message is not tried again")
    _give_up(telling, message)
    Outbox.objects.filter(pk=telling.pk).update(data=nobody | {"person": str(scene.town.people["zhao"].pk)})
    InboundMessage.objects.filter(pk=message.pk).update(payload=whole)
    _process_again(telling, message)
    scene.note("both were given up, seen, mended and replayed")


@fault("poison-delivery", 24)
def poison_delivery(scene: Scene) -> None:
    """a message that cannot be made: dead by itself with `fault`, all others flow, sent again when mended"""
    from accounts.models import User
    from dispatch.models import Delivery
    from dispatch.services.retrying import retry_deliveries

    scene.may_end_with = {"fault"}
    scene.sandbox.fault("json", MESSAGES, errcode=-1)
    report = scene.file()
    scene.wait_for_hits(2)
    zhang = scene.town.people["zhang"]
    mutes = User.objects.get(pk=zhang.pk).muted_kinds
    User.objects.filter(pk=zhang.pk).update(muted_kinds=7)  # no list of kinds
    scene.sandbox.clear_faults()
    began = clock()
    until(lambda: scene.shown("wang", report) > 0, 60, "the others were not told")
    scene.note(f"the other was told {clock() - began:.1f} s after WeChat's return")
    theirs = Delivery.objects.filter(user=zhang, report_id=report)
    until(lambda: theirs.filter(status="dead", code="fault").exists(), 60, "it is not seen to be dead")
    User.objects.filter(pk=zhang.pk).update(muted_kinds=mutes)
    expect(retry_deliveries(theirs, status="dead") == 1, "it cannot be sent again")
    until(lambda: scene.shown("zhang", report) > 0, 20, "it was not sent after all")


def _give_up(telling: "Outbox", message: "InboundMessage") -> None:
    """As after all attempts; then nobody tries any more, and an operator sees it."""
    from dispatch.services import replaying, routing

    type(telling).objects.filter(pk=telling.pk).update(attempts=routing.ATTEMPTS)
    type(message).objects.filter(pk=message.pk).update(attempts=len(replaying.AGES))
    expect(replaying.quarantined().exists() and routing.given_up().exists(), "nobody sees them")


def _process_again(telling: "Outbox", message: "InboundMessage") -> None:
    """The two actions of the back office."""
    from dispatch.services import replaying

    type(telling).objects.filter(pk=telling.pk).update(attempts=0)
    done = replaying.release(type(message).objects.filter(pk=message.pk))
    expect(done == 1, "the message cannot be replayed")
    rows = type(telling).objects.filter(pk=telling.pk, routed_at=None)
    until(lambda: not rows.exists(), 70, "the telling is not routed after all")

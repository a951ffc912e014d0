"""Processes killed without warning: worker, its children, web, beat, Redis, PostgreSQL, all of them."""

import signal
import threading
from collections.abc import Callable
from functools import partial
from uuid import UUID

from devtools.faults.database import held_table
from devtools.faults.ledger import Answer
from devtools.faults.registry import MEDIA, TEMPLATE, TEXT, Scene, at_once, clock, expect, fault, word
from devtools.waiting import until


@fault("worker-before-push", 1, quick=True)
def worker_before_push(scene: Scene) -> None:
    """kill -9 of the worker while five reports wait to be pushed"""
    scene.stage.kill("worker")
    reports = [scene.file() for _ in range(5)]
    began = clock()
    scene.stage.start("worker")
    for report in reports:
        scene.wait_shown(report)
    scene.note(f"all pushed {clock() - began:.1f} s after the new worker was started")


@fault("worker-mid-send", 1, 2, quick=True)
def worker_mid_send(scene: Scene) -> None:
    """kill -9 of the worker while WeChat is asked (one person), and between its taking and our record (the other)"""
    _hold_both(scene, TEMPLATE)
    report = scene.file()
    _wait_held(scene, report)
    _kill_and_time(scene, report, lambda: scene.stage.kill("worker"), restart=True)


@fault("worker-mid-text", 1, 2)
def worker_mid_text(scene: Scene) -> None:
    """the same with texts, of which WeChat drops no second copy"""
    with scene.texts():
        scene.texts_may_repeat = True
        _hold_both(scene, TEXT)
        report = scene.file()
        _wait_held(scene, report)
        _kill_and_time(scene, report, lambda: scene.stage.kill("worker"), restart=True)
        until(lambda: scene.shown("wang", report) == 2, 60, "no second copy came")
    scene.note("one text came twice: its answer was lost")


@fault("child-mid-send", 3, quick=True)
def child_mid_send(scene: Scene) -> None:
    """kill -9 of the worker's children alone, in the middle of a send"""
    _hold_both(scene, TEMPLATE)
    report = scene.file()
    _wait_held(scene, report)
    _kill_and_time(scene, report, lambda: scene.stage.kill_forks("worker"), restart=False)


@fault("parent-mid-send", 1, 3)
def parent_mid_send(scene: Scene) -> None:
    """kill -9 of the worker's parent alone; its children notice and end"""
    _hold_both(scene, TEMPLATE)
    report = scene.file()
    _wait_held(scene, report)
    _kill_and_time(scene, report, lambda: scene.stage.kill_parent("worker"), restart=True)


def _hold_both(scene: Scene, path: str) -> None:
    """WeChat answers neither: it has not taken the message to zhang, and has taken the one to wang."""
    scene.sandbox.fault("nothing", path, body=scene.town.openid("zhang"), times=1)
    scene.sandbox.fault("nothing", path, body=scene.town.openid("wang"), times=1, after=True)


def _wait_held(scene: Scene, report: str) -> None:
    scene.wait_for_hits(2)
    until(lambda: scene.shown("wang", report) == 1, 10, "WeChat did not take the message to wang")


def _kill_and_time(scene: Scene, report: str, kill: Callable[[], None], *, restart: bool) -> None:
    kill()
    began = clock()
    if restart:
        scene.stage.start("worker")
    until(lambda: scene.shown("zhang", report) > 0, 60, "the message to zhang never came")
    scene.note(f"sent {clock() - began:.1f} s after the kill")


@fault("worker-mid-download", 1, 25, quick=True)
def worker_mid_download(scene: Scene) -> None:
    """kill -9 of the worker while it downloads a picture; and again of its children"""
    scene.sandbox.fault("nothing", MEDIA, times=1)
    picture = {"kind": "image", "media_id": scene.sandbox.media(photo="leak")}
    scene.file(media=[picture])
    scene.wait_for_hits(1)
    scene.stage.kill("worker")
    scene.stage.start("worker")


@fault("web-mid-callback", 4, quick=True)
def web_mid_callback(scene: Scene) -> None:
    """kill -9 of the web processes in the middle of a callback; WeChat's next try is stored, once"""
    scene.web_is_killed = True
    text = word()
    with held_table("dispatch_inboundmessage") as waiting:
        sending = threading.Thread(target=scene.say, args=(text,))
        sending.start()
        until(waiting, 10, "the callback did not come as far as the database")
        scene.stage.kill_forks("web")
    sending.join(30)
    until(scene.stage.ready, 30, "the web is not back")
    entry = scene.sandbox.journal(after=scene.journal_from, kind="callback", event="text")[-1]
    tries = [one.get("status") or one.get("error") for one in entry["tries"]]
    if tries[-1] != 200:
        scene.sandbox.call("POST", f"callbacks/{entry['id']}/redeliver")
    scene.note(f"WeChat's tries: {tries}")


@fault("web-mid-report", 37, quick=True)
def web_mid_report(scene: Scene) -> None:
    """kill -9 of the web processes while a report is being filed; the phone sends the same one again"""
    scene.web_is_killed = True
    person, answers = scene.person("li"), list[Answer]()
    with held_table("reports_reportevent") as waiting:
        filing = threading.Thread(target=lambda: answers.append(person.file()))
        filing.start()
        until(waiting, 10, "the report did not come as far as the database")
        scene.stage.kill_forks("web")
    filing.join(30)
    until(scene.stage.ready, 30, "the web is not back")
    again = scene.person("li").file(answers[0].hashed_id)
    scene.note(f"answered {answers[0].status or answers[0].body}, then {again.status}")
    expect(again.took_it, f"the repetition was answered {again.status} {again.body}")


@fault("beat", 5, quick=True)
def beat_killed(scene: Scene) -> None:
    """kill -9 of beat: pushes go on; what failed waits for its return"""
    scene.stage.kill("beat")
    report = scene.file()
    scene.note(f"without beat pushed in {scene.wait_shown(report):.1f} s")
    scene.sandbox.fault("json", TEMPLATE, errcode=-1, times=2)
    failed = scene.file()
    scene.wait_for_hits(2)
    began = clock()
    scene.stage.start("beat")
    scene.wait_shown(failed)
    scene.note(f"what had failed was sent {clock() - began:.1f} s after beat was started")


@fault("redis-killed-empty", 7, quick=True)
def redis_killed_empty(scene: Scene) -> None:
    """kill -9 of Redis with tasks in its queue; it comes back empty"""
    scene.stage.signal_all("worker", signal.SIGSTOP)
    reports = [scene.file() for _ in range(10)]
    valkey = scene.stage.services.valkey
    valkey.kill()
    scene.stage.empty_valkey()
    while_away = scene.file()
    valkey.start()
    began = clock()
    scene.stage.signal_all("worker", signal.SIGCONT)
    for report in [*reports, while_away]:
        scene.wait_shown(report)
    scene.note(f"all pushed {clock() - began:.1f} s after its return")
    me = scene.person("li").ask("GET", "/api/v1/me")
    scene.note(f"logins kept ({me.status})")


@fault("postgres-killed", 9, quick=True)
def postgres_killed(scene: Scene) -> None:
    """kill -9 of PostgreSQL while people file, read and write; recovery from its log"""
    scene.texts_may_repeat = True
    with scene.traffic(every=0.3):
        scene.pause(2)
        scene.stage.services.postgres.kill()
        scene.pause(2)
        began = clock()
        scene.stage.services.postgres.start()
        scene.note(f"it was up again in {clock() - began:.1f} s")
        until(lambda: scene.person("li").ask("GET", "/api/v1/me").status == 200, 30, "no answer after its return")
        scene.note(f"first answer {clock() - began:.1f} s after its start")
        scene.pause(2)


@fault("everything", 1, 4, 5, 7, 9, quick=True)
def everything(scene: Scene) -> None:
    """kill -9 of web, worker, beat, Redis and PostgreSQL in one moment, as when the power fails"""
    scene.web_is_killed = True
    services = scene.stage.services
    with scene.traffic(every=0.3):
        scene.pause(2)
        for name in ("web", "worker", "beat"):
            scene.stage.kill(name)
        services.postgres.kill()
        services.valkey.kill()
    began = clock()
    services.start()
    for name in ("web", "worker", "beat"):
        scene.stage.start(name)
    until(scene.stage.ready, 60, "the system does not come back")
    scene.note(f"ready {clock() - began:.1f} s after the first start")


@fault("two-claims-killed", 38)
def claims_while_children_die(scene: Scene) -> None:
    """twenty claims at once while the web's processes are killed: at most one holds it"""
    from reports.models import Claim

    scene.web_is_killed = True
    report = scene.file()
    people = [scene.another("zhang" if n % 2 else "wang") for n in range(20)]
    killer = threading.Timer(0.05, lambda: scene.stage.kill_forks("web"))
    killer.start()
    answers = at_once(*[partial(one.act, report, "claim") for one in people])
    killer.join()
    until(scene.stage.ready, 30, "the web is not back")
    won = Claim.objects.filter(report=UUID(report), ended_at=None).count()
    scene.note(f"{sum(1 for a in answers if a.status == 200)} × 200, {won} claim in the database")
    expect(won <= 1, "two hold it")

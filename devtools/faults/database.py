"""PostgreSQL restarted, stopped, frozen, full of connections, and at odds with itself."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from devtools.faults.ledger import Answer
from devtools.faults.registry import Scene, clock, expect, fault
from devtools.waiting import until


@contextlib.contextmanager
def held_table(table: str) -> Iterator[Callable[[], bool]]:
    """Nobody can write to a table; gives a question: is somebody waiting for it?"""
    from django.db import connections

    holder = connections.create_connection("default")
    try:
        with holder.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")

            def waited_for() -> bool:
                cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND relation = %s::regclass", [table])
                return cursor.fetchone() is not None

            yield waited_for
            cursor.execute("ROLLBACK")
    finally:
        holder.close()


def _traffic_over(scene: Scene, what: "contextlib.AbstractContextManager[None]", seconds: float) -> None:
    """People work before, during and after; what was away is away for so many seconds."""
    scene.texts_may_repeat = True
    with scene.traffic(every=0.5):
        scene.pause(2)
        with what:
            scene.pause(seconds)
        began = clock()
        person = scene.person("chen")
        until(lambda: person.ask("GET", "/api/v1/me").status == 200, 60, "no answer after its return")
        scene.note(f"first answer {clock() - began:.1f} s after its return")
        scene.pause(2)
    slowest = max(answer.seconds for answer in scene.ledger.answers)
    scene.note(f"slowest answer {slowest:.1f} s")


@contextlib.contextmanager
def _stopped(scene: Scene) -> Iterator[None]:
    scene.stage.services.postgres.stop()
    try:
        yield
    finally:
        scene.stage.services.postgres.start()


@fault("postgres-restarted", 9)
def restarted(scene: Scene) -> None:
    """PostgreSQL is restarted in good order while people work"""
    _traffic_over(scene, _stopped(scene), 0.5)


@fault("postgres-down", 10)
def down(scene: Scene) -> None:
    """PostgreSQL is stopped for a minute"""
    _traffic_over(scene, _stopped(scene), 60)


@fault("postgres-frozen", 10)
def frozen(scene: Scene) -> None:
    """PostgreSQL says nothing for 20 s (kill -STOP of every process): answers are bounded"""
    _traffic_over(scene, scene.stage.frozen(scene.stage.services.postgres), 20)
    slow = [answer for answer in scene.ledger.answers if answer.seconds > 8]
    expect(not slow, f"{len(slow)} requests waited longer than 8 s: {[round(a.seconds, 1) for a in slow[:5]]}")


@fault("postgres-full", 11)
def full(scene: Scene) -> None:
    """every connection of PostgreSQL is taken for 10 s"""
    import psycopg2
    from django.conf import settings

    database = settings.DATABASES["default"]
    taken = []
    scene.texts_may_repeat = True
    with scene.traffic(every=0.5):
        scene.pause(1)
        with contextlib.suppress(psycopg2.OperationalError):
            while True:
                taken.append(psycopg2.connect(scene.stage.services.postgres.url))
        scene.note(f"{len(taken)} connections taken of {database['NAME']}")
        scene.pause(10)
        for connection in taken:
            connection.close()


@fault("serialization", 12)
def serialization(scene: Scene) -> None:
    """connections are cut in the middle of transactions twenty times a second: each is done once, or refused clearly"""
    from django.db import connections

    scene.texts_may_repeat = True
    own = connections.create_connection("default")
    cut = 0
    with scene.traffic(every=0.2), own.cursor() as cursor:
        for _ in range(200):
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database() AND state = 'active'"
            )
            cut += cursor.fetchone()[0]
            scene.pause(0.05)
    own.close()
    scene.note(f"{cut} transactions cut")


@fault("deadlock", 12)
def deadlock(scene: Scene) -> None:
    """a claim runs into a deadlock with somebody who holds the claimant's rows: one effect, or a clear refusal"""
    from django.db import connections

    report = scene.file()
    scene.wait_shown(report)
    own, answers = connections.create_connection("default"), list[Answer]()
    person = scene.another("zhang")
    with own.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM reports_report WHERE id = %s FOR UPDATE", [report])
        claiming = threading.Thread(target=lambda: answers.append(person.act(report, "claim")))
        claiming.start()
        scene.pause(0.7)
        try:
            # The claimant holds their memberships and waits for the report.
            cursor.execute(
                "SELECT 1 FROM accounts_membership WHERE user_id = %s FOR UPDATE", [scene.town.people["zhang"].pk]
            )
            scene.note("the claim was the victim")
        except Exception as error:
            scene.note(f"we were the victim ({type(error).__name__})")
        cursor.execute("ROLLBACK")
    claiming.join(20)
    own.close()
    again = person.act(report, "claim")
    scene.note(f"answered {answers[0].status}, then {again.status}")
    expect(again.status == 200, "the claim cannot be had")

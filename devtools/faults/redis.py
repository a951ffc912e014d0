"""Redis emptied, stopped, silent, full, and started again and again: callbacks and reports are taken all the while."""

import redis as client

from devtools.faults.registry import Scene, clock, expect, fault

AWAY = 60.0


def _connection(scene: Scene) -> "client.Redis":
    return client.Redis.from_url(scene.stage.services.valkey.url)


def _taken_all_the_while(scene: Scene) -> None:
    refused = [answer for answer in scene.ledger.answers if not answer.took_it]
    expect(not refused, f"{len(refused)} requests were not answered 200 or 201: {refused[:3]}")


@fault("redis-flushall", 7)
def flushall(scene: Scene) -> None:
    """FLUSHALL four times while people file, read and write"""
    with scene.traffic(every=0.3), _connection(scene) as connection:
        for _ in range(4):
            scene.pause(2)
            connection.flushall()
    began = clock()
    scene.wait_shown(scene.file())
    scene.note(f"a report filed afterwards was pushed in {clock() - began:.1f} s")
    _taken_all_the_while(scene)


@fault("redis-down", 6)
def down(scene: Scene) -> None:
    """Redis is stopped for a minute"""
    valkey = scene.stage.services.valkey
    with scene.traffic():
        scene.pause(2)
        valkey.kill()
        scene.pause(2)
        expect(scene.stage.readiness() == 503, "/readyz says that all is well")
        scene.pause(AWAY - 2)
        valkey.start()
        began = clock()
    _taken_all_the_while(scene)
    scene.wait_shown(scene.file())
    scene.note(f"a report filed after its return was pushed {clock() - began:.1f} s after it")


@fault("redis-frozen", 6)
def frozen(scene: Scene) -> None:
    """Redis takes connections and says nothing for 40 s (kill -STOP)"""
    with scene.traffic():
        scene.pause(2)
        with scene.stage.frozen(scene.stage.services.valkey):
            scene.pause(40)
    _taken_all_the_while(scene)


@fault("redis-full", 8)
def full(scene: Scene) -> None:
    """Redis refuses every write (maxmemory, noeviction) for 20 s"""
    with scene.traffic(), _connection(scene) as connection:
        scene.pause(1)
        connection.config_set("maxmemory-policy", "noeviction")
        connection.config_set("maxmemory", "1mb")
        scene.pause(20)
        connection.config_set("maxmemory", "0")
    _taken_all_the_while(scene)


@fault("redis-again-and-again", 6, 7)
def again_and_again(scene: Scene) -> None:
    """Redis is stopped and started six times while tasks are under way"""
    valkey = scene.stage.services.valkey
    with scene.traffic(every=0.3):
        for _ in range(6):
            scene.pause(2)
            valkey.kill()
            scene.pause(1)
            valkey.start()
    for name in ("worker", "beat"):
        scene.stage.child(name).check()
    _taken_all_the_while(scene)

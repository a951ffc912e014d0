"""What comes in: reports until they are pushed, lists, callbacks."""

import secrets
import time
import uuid
from collections.abc import Callable
from functools import partial

import requests

from devtools.bench.community import Community
from devtools.bench.figures import Times, at_a_rate, timed
from devtools.bench.machine import Bench, openid
from devtools.waiting import until

REPORTS_A_SECOND = 5.0
CALLBACKS_A_SECOND, CALLBACK_SECONDS = 100.0, 30


def calibration(bench: Bench) -> Times:
    """One bare exchange with the simulated WeChat: what the machine and the loopback cost today."""
    session = requests.Session()
    session.trust_env = False
    address = f"{bench.sandbox_url}/cgi-bin/getcallbackip"
    seconds = [timed(lambda: session.get(address, timeout=30)) for _ in range(100)]
    return Times("calibration: one call of WeChat", seconds)


def submit_to_push(here: Community, people: int, reports: int) -> Times:
    """From the moment a report was due to be sent until WeChat has the push to the last of two staff members."""
    from sandbox.client import SandboxClient

    session, sandbox = here.browser(here.resident), SandboxClient(here.bench.sandbox_url)
    began, due = sandbox.last(), dict[str, float]()

    def file(number: int) -> None:
        report = {"hashed_id": str(uuid.uuid4()), "community": "fuchen", "category": "hygiene", "title": "测"}
        answer = session.post(f"{here.bench.web_url}/api/v1/reports", json=report, timeout=30)
        answer.raise_for_status()
        due[answer.json()["id"]] = first + number / REPORTS_A_SECOND

    first = time.time() + 0.5
    at_a_rate([partial(file, number) for number in range(reports)], REPORTS_A_SECOND)
    reached: dict[str, dict[str, float]] = {pk: {} for pk in due}

    def collect() -> bool:
        for message in sandbox.messages(after=began, limit=100_000):
            pk = str(message.get("url", "")).rpartition("/")[2]
            if pk in due and message.get("openid") in here.staff:
                reached[pk].setdefault(message["openid"], message["at"])
        return all(len(got) == len(here.staff) for got in reached.values())

    until(collect, 120, "not every report was pushed", every=1.0)
    return Times(
        f"submit → WeChat has both pushes, {people:>6} people", [max(reached[pk].values()) - due[pk] for pk in due]
    )


def lists(here: Community) -> Times:
    session = here.browser(here.manager)
    address = f"{here.bench.web_url}/api/v1/reports?scope=all&community=fuchen"
    seconds = [timed(lambda: session.get(address, timeout=30).raise_for_status()) for _ in range(100)]
    return Times("GET reports (20 of them)", seconds)


def callbacks(here: Community) -> Times:
    """What people tap in the account's menu, sealed as WeChat seals it."""
    count = int(CALLBACKS_A_SECOND * CALLBACK_SECONDS)
    post = _poster(here.bench)
    calls = [partial(post, openid(n % len(here.bench.everybody())), n) for n in range(count)]
    return Times(
        f"callback, {CALLBACKS_A_SECOND:.0f} a second for {CALLBACK_SECONDS} s", at_a_rate(calls, CALLBACKS_A_SECOND)
    )


def _poster(bench: Bench) -> Callable[[str, int], None]:
    from django.conf import settings

    from sandbox.callbacks import to_xml
    from sandbox.crypto import Envelope, signature

    envelope = Envelope(settings.WECHAT_ENCODING_AES_KEY, settings.WECHAT_APP_ID)
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=64))

    def post(person: str, number: int) -> None:
        event = {"MsgType": "event", "Event": "VIEW", "EventKey": f"http://x.example/{number}"}
        xml = to_xml({"ToUserName": "gh_bench", "FromUserName": person, "CreateTime": int(time.time())} | event)
        moment, nonce, sealed = str(int(time.time())), secrets.token_hex(5), envelope.seal(xml)
        signed = signature(settings.WECHAT_TOKEN, moment, nonce, sealed)
        query = {"timestamp": moment, "nonce": nonce, "encrypt_type": "aes", "msg_signature": signed}
        body = to_xml({"ToUserName": "gh_bench", "Encrypt": sealed}).encode()
        answer = session.post(f"{bench.web_url}/wechat/callback", params=query, data=body, timeout=30)
        answer.raise_for_status()

    return post

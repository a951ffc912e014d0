"""What is written to the log: no secret in whatever shape a library puts it, and no flood while a server is away."""

import json
import logging
import logging.config
from io import StringIO
from typing import Any

import pytest

from community_report.core.logs import logging_config, scrub

OPENID = "oABCDEFGHIJKLMNOPQRSTUVWXYZ0"


@pytest.mark.parametrize(
    "text",
    [
        "https://api.example/cgi-bin/x?access_token=TOPSECRET&a=1",
        '{"secret": "TOPSECRET"}',
        '{"event": "got {\\"access_token\\": \\"TOPSECRET\\"}"}',
        "Key (openid)=(TOPSECRET) already exists.",
        "Cookie: sessionid=TOPSECRET; csrftoken=TOPSECRET",
        "{'code': 'TOPSECRET'}",
    ],
)
def test_secrets_are_scrubbed_in_every_shape(text: str) -> None:
    assert "TOPSECRET" not in scrub(text)


def test_openids_and_phones_are_scrubbed_wherever_they_stand() -> None:
    assert scrub(f"to {OPENID}, 13812345678") == "to o***, 138****5678"
    assert scrub("a0b1c2d3-0000-4000-8000-000000000000") == "a0b1c2d3-0000-4000-8000-000000000000"


@pytest.fixture
def log() -> Any:
    """The configured handler, writing to where the test can read."""
    config = logging_config("json")
    written = StringIO()
    config["handlers"]["stderr"]["stream"] = written
    logging.config.dictConfig(config)
    yield written
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


def failed(name: str, message: str, *args: object, **extra: Any) -> None:
    try:
        raise OSError("gone")
    except OSError:
        logging.getLogger(name).exception(message, *args, extra=extra)


def test_a_beat_without_a_broker_writes_one_line_each_time(log: StringIO) -> None:
    failed("celery.beat", "Message Error: %s\n%s", "Error 111", ["many", "frames"])
    (line,) = log.getvalue().splitlines()
    assert json.loads(line)["event"] == "Message Error: Error 111"
    assert "exception" not in json.loads(line)


def test_a_request_that_found_no_database_leaves_no_traceback(log: StringIO) -> None:
    failed("django.request", "%s: %s", "Service Unavailable", "/h5/", status_code=503)
    assert log.getvalue() == ""
    failed("django.request", "%s: %s", "Internal Server Error", "/h5/", status_code=500)
    assert "OSError" in log.getvalue()

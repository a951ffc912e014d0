"""What a production installation must be like to start at all, and what Django's own check says of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devtools.environment import environment_for_tests

PROJECT = Path(__file__).parents[2]
PRODUCTION = {
    "DATABASE_URL": "postgres://user:password@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1",
    "SECRET_KEY": "k" * 20 + "0123456789-abcdefghijklmnopqrstuvwxyz",
    "PUBLIC_BASE_URL": "https://report.example.com",
    "ALLOWED_HOSTS": "report.example.com",
    "WECHAT_ENCODING_AES_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
}


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = environment_for_tests(os.environ | PRODUCTION | settings, media_root="unused")
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # the browser tests' own
    return subprocess.run(
        [sys.executable, *arguments], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60
    )


def test_djangos_deployment_check_has_nothing_to_say() -> None:
    result = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(("name", "value"), [("DEBUG", "1"), ("THROTTLE_SCALE", "0"), ("WECHAT_ENCODING_AES_KEY", "")])
def test_what_suits_a_laptop_alone_stops_the_start_with_https(name: str, value: str) -> None:
    result = run("-c", "from community_report import wsgi", **{name: value})
    assert result.returncode == 78
    (line,) = result.stderr.splitlines()
    assert name in line

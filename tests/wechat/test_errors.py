import copy

import pytest

from community_report.wechat.errors import CODES, ErrorKind, WeChatError, kind_of, kind_of_finish_status, redact

#: Every return code of the facts that the project was built on, by what has to follow.
CLASSES = {
    "transient": "-1 45011 45066 50002",
    "token": "40001 40014 42001",
    "quota": "45009 45028 48006",
    "not_this_way": "43101 45015 45047 48002",
    "unfollowed": "43004",
    "account": "40013 40036 40037 40125 40164 40243 41002 41004 47003 48001 48003 48004 50004 50007 89503 89506 89507",
    "person": "40003 43019",
    "media_gone": "40007",
    "permanent": "10003 40002 40004 40016 40018 40029 40130 40163 40200 41001 41008 41030 42003 43002 45002 45008 "
    "45026 45056 45057 45058 45065 45067 45157 45158 45159",
}
LISTED = [(int(code), kind) for kind, codes in CLASSES.items() for code in codes.split()]


@pytest.mark.parametrize(("code", "kind"), LISTED)
def test_every_code_has_its_kind(code: int, kind: str) -> None:
    assert kind_of(code) == ErrorKind(kind)


def test_the_table_holds_exactly_these_and_each_once() -> None:
    listed = sorted(code for codes in CODES.values() for code in codes)
    assert listed == sorted(code for code, _ in LISTED)
    assert kind_of(99999) is ErrorKind.PERMANENT


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("success", None),
        ("failed:user block", "not_this_way"),
        ("failed: user block", "not_this_way"),
        ("failed: system failed", "transient"),
        ("failed:something new", "permanent"),
    ],
)
def test_finish_status_has_its_kind(status: str, kind: str | None) -> None:
    assert kind_of_finish_status(status) == kind


def test_only_credentials_block_every_channel() -> None:
    assert WeChatError(ErrorKind.ACCOUNT, "", 40164).blocks_every_channel
    assert WeChatError(ErrorKind.ACCOUNT, "", 40001).blocks_every_channel
    assert not WeChatError(ErrorKind.ACCOUNT, "", 40037).blocks_every_channel
    assert not WeChatError(ErrorKind.TOKEN, "", 40001).blocks_every_channel


def test_error_survives_pickling() -> None:
    # copy goes the way of pickle (__reduce_ex__).
    twin = copy.copy(WeChatError(ErrorKind.QUOTA, "out of quota", 45009))
    assert (twin.kind, twin.code, str(twin)) == ("quota", 45009, "WeChat quota 45009: out of quota")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("GET /x?access_token=abc-DEF_1&openid=o1", "GET /x?access_token=***&openid=o1"),
        (
            "/sns/oauth2/access_token?appid=wx1&secret=s3&code=c4",
            "/sns/oauth2/access_token?appid=wx1&secret=***&code=***",
        ),
        ('{"secret": "s3cret", "appid": "wx1"}', '{"secret": "***", "appid": "wx1"}'),
        ("errcode: 40001 rid: 6098faa9", "errcode: 40001 rid: 6098faa9"),
    ],
)
def test_parameters_that_hold_secrets_are_blanked(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_known_secrets_are_blanked_wherever_they_stand() -> None:
    assert redact("hush is the word, hush", "hush", "") == "*** is the word, ***"

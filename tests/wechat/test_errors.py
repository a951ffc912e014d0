import copy

import pytest

from community_report.wechat.errors import ErrorKind, WeChatError, kind_of, kind_of_finish_status, redact


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (-1, "transient"),
        (45011, "transient"),
        (40001, "token"),
        (40014, "token"),
        (42001, "token"),
        (45009, "quota"),
        (43101, "not_this_way"),
        (45015, "not_this_way"),
        (45047, "not_this_way"),
        (43004, "unfollowed"),
        (40037, "account"),
        (47003, "account"),
        (48001, "account"),
        (40164, "account"),
        (40013, "account"),
        (40125, "account"),
        (40243, "account"),
        (40003, "person"),
        (43019, "person"),
        (40007, "media_gone"),
        (45002, "permanent"),
        (99999, "permanent"),
    ],
)
def test_every_code_has_its_kind(code: int, kind: str) -> None:
    assert kind_of(code) == ErrorKind(kind)


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

import pytest

from community_report.wechat.errors import ErrorKind, WeChatError
from community_report.wechat.oauth import CodeSpent, authorize_url, exchange_code
from tests.wechat.platform import Answer, Platform, error, plain_json

EXCHANGE = "/sns/oauth2/access_token"


def test_authorize_url_is_in_wechats_order_and_encoded(account) -> None:
    account.WECHAT_APP_ID = "wx0123456789abcdef"
    url = authorize_url("https://e.example/wechat/oauth/return?a=1&b=2", "s t#1")
    assert url == (
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef"
        "&redirect_uri=https%3A%2F%2Fe.example%2Fwechat%2Foauth%2Freturn%3Fa%3D1%26b%3D2"
        "&response_type=code&scope=snsapi_base&state=s+t%231#wechat_redirect"
    )


def test_a_code_tells_who(platform: Platform, client) -> None:
    platform.on(EXCHANGE, plain_json(access_token="personal", expires_in=7200, openid="o1", scope="snsapi_base"))
    identity = exchange_code("c0de")
    assert (identity.openid, identity.snapshot) == ("o1", False)
    (call,) = platform.calls
    assert (call.method, call.path) == ("GET", EXCHANGE)
    assert call.query == {
        "appid": client.account.app_id,
        "secret": client.account.app_secret,
        "code": "c0de",
        "grant_type": "authorization_code",
    }


def test_a_snapshot_page_says_so(platform: Platform, client) -> None:
    platform.on(EXCHANGE, plain_json(access_token="p", openid="oVirtual", scope="snsapi_base", is_snapshotuser=1))
    assert exchange_code("c0de").snapshot


@pytest.mark.parametrize("code", [40029, 40163, 41008, 42003])
def test_a_spent_code(platform: Platform, client, code: int) -> None:
    platform.on(EXCHANGE, error(code, label="text/plain"))
    with pytest.raises(CodeSpent) as caught:
        exchange_code("c0de")
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(-1), "transient"),
        (error(40125), "account"),
        (Answer(b"", status=500), "transient"),
        (Answer(b"<html/>"), "transient"),
        (plain_json(access_token="p"), "transient"),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_other_errors_do_not_blame_the_code(platform: Platform, client, answer: Answer, kind: str) -> None:
    platform.on(EXCHANGE, answer)
    with pytest.raises(WeChatError) as caught:
        exchange_code("c0de")
    assert caught.value.kind == ErrorKind(kind)
    assert not isinstance(caught.value, CodeSpent)

"""Known answers of others: Tencent's documents and samples, and the test suites of other SDKs."""

import pytest

from community_report.wechat import crypto, jssdk

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APP_ID = "wxb11529c136998cb6"

#: EasyWeChat, tests/Kernel/EncryptorTest.php (key and app id as above, token `pamtest`)
PAMTEST = (
    "rTNFcsut4LfGuAFKEUVVpwcaCOTJzOd9twZdIW910jb3k+iicx2uvhttIZ3Qg9Qgty3BEF2xbOrz6boTfb30dMomcgrkTqdFPwnhqbk+kIQ7rZiwny9D"
    "7NUrTgA5kpX3KsZvrXzUZyP2x9YOlxbgm572lmxKvM7HAQQhIQ/p6HBmoY30bGXFK0BtIu1pW9TjhOYrLQoU18nWYjWqDA1ynkmOytpv7QRI1P1+0Nox"
    "L0q2zO1DgeSvnE8CZGo/o5Ap/WHK5W2RAsinpzN4/LjPnmB6U01I5XCoJoC0GK/yMZycd2Oh8Nq6+wBkC1U85oy0ktOY4nLvsQMLrourmMGdZHuTbqpe"
    "J8Ao/5PRYJ+WBvRUwPfGKBL2+2IKZF49vAJqkcGWSHGE76ZN2erXeuNazf/o9o3lIE3q739o4c8t9QGPe31GT2Go/rOz1BsrASwvauNulCh+++yz+CQz"
    "BIuikA=="
)


@pytest.mark.parametrize(
    ("parts", "signature"),
    [
        # WeChat's guide to setting the callback up (developers.weixin.qq.com/doc/service/guide/dev/push/)
        (("AAAAA", "1714036504", "1514711492"), "f464b24fc39322e44b38aa78f5edd27bd1441696"),
        (("AAAAA", "1714037059", "486452656"), "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
        (("pamtest", "1458300676", "260774613", PAMTEST), "4f3ad57b6989f09f4eb392acce4f9e93942ed890"),
    ],
)
def test_signatures(parts: tuple[str, ...], signature: str) -> None:
    assert crypto.sign(*parts) == signature


@pytest.mark.parametrize(
    ("key", "app_id", "message", "random", "ciphertext"),
    [
        # Tencent's cryptoDemo, as in WxJava's WxCryptUtilTest
        (
            KEY,
            APP_ID,
            "我是中文abcd123",
            b"aaaabbbbccccdddd",
            "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==",
        ),
        # wechatpy, tests/test_crypto.py
        (
            "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
            "rust",
            "test",
            b"1234567890123456",
            "9s4gMv99m88kKTh/H8IdkNiFGeG9pd7vNWl50fGRWXY=",
        ),
    ],
)
def test_ciphertexts(
    monkeypatch: pytest.MonkeyPatch, key: str, app_id: str, message: str, random: bytes, ciphertext: str
) -> None:
    assert crypto.decrypt(ciphertext, key, app_id).decode() == message
    monkeypatch.setattr("os.urandom", lambda size: random[:size])
    assert crypto.encrypt(message, key, app_id) == ciphertext


def test_a_whole_message_decrypts() -> None:
    xml = crypto.decrypt(PAMTEST, KEY, APP_ID).decode()
    assert "<![CDATA[asdasdasdsadasd]]>" in xml
    assert "<![CDATA[hello]]>" in xml


def test_js_signature() -> None:
    # WeChat's guide to the JS-SDK, appendix 1
    ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    url = "http://mp.weixin.qq.com?params=value"
    expected = "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
    assert jssdk.sign(ticket, "Wm3WZYTPz0wzccnW", 1414587457, url) == expected
    assert jssdk.sign(ticket, "Wm3WZYTPz0wzccnW", 1414587457, f"{url}#part") == expected

"""The official and the community's vectors of wechat.md sections 1 and 3."""

import pytest

from sandbox.crypto import Envelope, jsapi_signature, signature


@pytest.mark.parametrize(
    ("timestamp", "nonce", "expected"),
    [
        ("1714036504", "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696"),
        ("1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
    ],
)
def test_signature_is_that_of_the_official_example(timestamp: str, nonce: str, expected: str) -> None:
    assert signature("AAAAA", timestamp, nonce) == expected


@pytest.mark.parametrize(
    ("key", "app_id", "random", "text", "sealed"),
    [
        (
            "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
            "wxb11529c136998cb6",
            b"aaaabbbbccccdddd",
            "我是中文abcd123",
            "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==",
        ),
        (
            "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
            "rust",
            b"1234567890123456",
            "test",
            "9s4gMv99m88kKTh/H8IdkNiFGeG9pd7vNWl50fGRWXY=",
        ),
    ],
)
def test_envelope_is_that_of_the_published_samples(
    key: str, app_id: str, random: bytes, text: str, sealed: str
) -> None:
    envelope = Envelope(key, app_id)
    assert envelope.seal(text, random) == sealed
    assert envelope.open(sealed) == text


def test_envelope_of_another_app_is_refused() -> None:
    key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    with pytest.raises(ValueError, match="foreign app id"):
        Envelope(key, "wxone").open(Envelope(key, "wxother").seal("hello"))


def test_jsapi_signature_is_that_of_the_official_example() -> None:
    ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    signed = jsapi_signature(ticket, "Wm3WZYTPz0wzccnW", "1414587457", "http://mp.weixin.qq.com?params=value")
    assert signed == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"

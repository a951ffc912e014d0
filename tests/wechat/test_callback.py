"""Who may speak: everything but a fresh, signed and (with a key) encrypted push of this account gets one refusal."""

import time

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from community_report.wechat.callback import (
    MAX_BODY_BYTES,
    CallbackRefused,
    Malformed,
    TooLarge,
    open_callback,
    verify_echo,
)
from tests.wechat import makers

NOW = time.time()
PER_TEST_SETTINGS = [HealthCheck.function_scoped_fixture]


def test_echo_of_wechats_own_example(clear_mode) -> None:
    # Its timestamp is from 2024: the age of a check does not matter.
    clear_mode.WECHAT_TOKEN = "AAAAA"
    query = {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "echostr": "4375120948345356249",
    }
    assert verify_echo(query) == "4375120948345356249"


@pytest.mark.parametrize("change", [{"signature": "0" * 40}, {"nonce": "1"}, {"timestamp": "1"}, {"echostr": ""}])
def test_echo_is_refused(clear_mode, change: dict[str, str]) -> None:
    with pytest.raises(CallbackRefused):
        verify_echo(makers.clear_query() | {"echostr": "1"} | change)


def test_clear_push_is_opened(clear_mode) -> None:
    inbound = open_callback(makers.clear_query(), makers.message())
    assert (inbound.openid, inbound.content) == ("oResident", "楼道灯坏了")


def test_safe_push_is_opened(safe_mode) -> None:
    inbound = open_callback(*makers.safe_push(makers.message()))
    assert (inbound.openid, inbound.content) == ("oResident", "楼道灯坏了")


def test_safe_push_needs_no_clear_signature(safe_mode) -> None:
    query, body = makers.safe_push(makers.message())
    del query["signature"]
    assert open_callback(query, body).openid == "oResident"


def test_only_the_decrypted_copy_counts_in_compat_mode(safe_mode) -> None:
    encrypted = makers.sealed(makers.message())
    forged = makers.message(FromUserName="oForged", Content="forged").removeprefix(b"<xml>").removesuffix(b"</xml>")
    inbound = open_callback(makers.safe_query(encrypted), makers.envelope(encrypted, clear=forged))
    assert (inbound.openid, inbound.content) == ("oResident", "楼道灯坏了")


def test_a_person_who_writes_envelope_tags_is_still_heard(safe_mode) -> None:
    encrypted = makers.sealed(makers.message())
    clear = b"<Content><![CDATA[<Encrypt>mine</Encrypt>]]></Content>"
    assert open_callback(makers.safe_query(encrypted), makers.envelope(encrypted, clear=clear)).openid == "oResident"


def wrong_signature() -> tuple[dict[str, str], bytes]:
    return makers.clear_query() | {"signature": "0" * 40}, makers.message()


def no_query() -> tuple[dict[str, str], bytes]:
    return {}, makers.message()


def empty_token_signature() -> tuple[dict[str, str], bytes]:
    return makers.clear_query(token=""), makers.message()


def stale() -> tuple[dict[str, str], bytes]:
    return makers.clear_query(NOW - 3600), makers.message()


def from_the_future() -> tuple[dict[str, str], bytes]:
    return makers.clear_query(NOW + 3600), makers.message()


def timestamp_that_is_no_number() -> tuple[dict[str, str], bytes]:
    said = makers.sha1(makers.TOKEN, "soon", "1")
    return {"timestamp": "soon", "nonce": "1", "signature": said}, makers.message()


def encrypted_without_key() -> tuple[dict[str, str], bytes]:
    return makers.safe_push(makers.message())


@pytest.mark.parametrize(
    "push",
    [
        wrong_signature,
        no_query,
        empty_token_signature,
        stale,
        from_the_future,
        timestamp_that_is_no_number,
        encrypted_without_key,
    ],
)
def test_clear_mode_refuses(clear_mode, push) -> None:
    with pytest.raises(CallbackRefused, match=r"^callback refused$"):
        open_callback(*push())


def clear_message() -> tuple[dict[str, str], bytes]:
    return makers.clear_query(), makers.message()


def claims_to_be_raw() -> tuple[dict[str, str], bytes]:
    return makers.clear_query() | {"encrypt_type": "raw"}, makers.message()


def no_message_signature() -> tuple[dict[str, str], bytes]:
    encrypted = makers.sealed(makers.message())
    return makers.clear_query(), makers.envelope(encrypted)


def another_body_under_the_same_query() -> tuple[dict[str, str], bytes]:
    query = makers.safe_query(makers.sealed(makers.message()))
    return query, makers.envelope(makers.sealed(makers.message(Content="other")))


def wrong_clear_signature() -> tuple[dict[str, str], bytes]:
    query, body = makers.safe_push(makers.message())
    return query | {"signature": "0" * 40}, body


def stale_and_sealed() -> tuple[dict[str, str], bytes]:
    return makers.safe_push(makers.message(), NOW - 3600)


def signed(encrypted: str) -> tuple[dict[str, str], bytes]:
    return makers.safe_query(encrypted), makers.envelope(encrypted)


def foreign_app() -> tuple[dict[str, str], bytes]:
    return signed(makers.sealed(makers.message(), app_id="wxffffffffffffffff"))


def broken_padding() -> tuple[dict[str, str], bytes]:
    plain = makers.padded(makers.plaintext(makers.message()))
    return signed(makers.aes(plain[:-1] + b"\x00"))


def padding_longer_than_allowed() -> tuple[dict[str, str], bytes]:
    return signed(makers.aes(bytes([64]) * 64))


def length_beyond_the_end() -> tuple[dict[str, str], bytes]:
    return signed(makers.aes(makers.padded(makers.RANDOM + b"\xff\xff\xff\xff" + makers.message())))


def too_short() -> tuple[dict[str, str], bytes]:
    return signed(makers.aes(makers.padded(b"x")))


def another_key() -> tuple[dict[str, str], bytes]:
    plain = makers.padded(makers.plaintext(makers.message()))
    return signed(makers.aes(plain, key="kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"))


def half_a_block() -> tuple[dict[str, str], bytes]:
    return signed("AAAA")


def no_base64() -> tuple[dict[str, str], bytes]:
    return signed("***")


def empty_envelope() -> tuple[dict[str, str], bytes]:
    return signed("")


@pytest.mark.parametrize(
    "push",
    [
        clear_message,
        claims_to_be_raw,
        no_message_signature,
        another_body_under_the_same_query,
        wrong_clear_signature,
        stale_and_sealed,
        foreign_app,
        broken_padding,
        padding_longer_than_allowed,
        length_beyond_the_end,
        too_short,
        another_key,
        half_a_block,
        no_base64,
        empty_envelope,
    ],
)
def test_safe_mode_refuses_with_one_answer(safe_mode, push) -> None:
    with pytest.raises(CallbackRefused, match=r"^callback refused$"):
        open_callback(*push())


@pytest.mark.parametrize("key", ["", makers.AES_KEY])
def test_empty_token_refuses_even_what_an_empty_token_signs(clear_mode, key: str) -> None:
    clear_mode.WECHAT_TOKEN, clear_mode.WECHAT_ENCODING_AES_KEY = "", key
    with pytest.raises(CallbackRefused):
        open_callback(makers.clear_query(token=""), makers.message())
    with pytest.raises(CallbackRefused):
        verify_echo(makers.clear_query(token="") | {"echostr": "1"})


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_ten_minutes_off_is_reported_and_served(clear_mode, caplog, minutes: int) -> None:
    assert open_callback(makers.clear_query(time.time() + 60 * minutes), makers.message()).kind == "text"
    assert "away from this clock" in caplog.text


def test_too_large_a_body_is_not_even_checked(clear_mode) -> None:
    with pytest.raises(TooLarge):
        open_callback({}, b"x" * (MAX_BODY_BYTES + 1))


def test_signed_but_unreadable_is_handed_over_decrypted(safe_mode) -> None:
    with pytest.raises(Malformed) as caught:
        open_callback(*makers.safe_push(b'{"json": "instead"}'))
    assert caught.value.payload == b'{"json": "instead"}'


@pytest.mark.parametrize("mode", ["clear_mode", "safe_mode"])
@hypothesis_settings(suppress_health_check=PER_TEST_SETTINGS, deadline=None, max_examples=150)
@given(
    query=st.dictionaries(
        st.sampled_from(["signature", "timestamp", "nonce", "msg_signature", "encrypt_type"]), st.text()
    ),
    body=st.binary(max_size=300),
)
def test_a_stranger_never_gets_past_the_signature(request, mode: str, query: dict[str, str], body: bytes) -> None:
    request.getfixturevalue(mode)
    with pytest.raises(CallbackRefused):
        open_callback(query, body)


@hypothesis_settings(suppress_health_check=PER_TEST_SETTINGS, deadline=None, max_examples=150)
@given(body=st.binary(max_size=300) | st.text("<>/xml&;![CDATA] aä\x00", max_size=60).map(str.encode))
def test_signed_rubbish_is_malformed_and_nothing_else(clear_mode, body: bytes) -> None:
    with pytest.raises(Malformed):
        open_callback(makers.clear_query(), body)


@hypothesis_settings(suppress_health_check=PER_TEST_SETTINGS, deadline=None, max_examples=150)
@given(plain=st.binary(max_size=8).map(lambda piece: piece * 64).filter(lambda plain: len(plain) % 16 == 0))
def test_signed_ciphertext_of_rubbish_is_refused(safe_mode, plain: bytes) -> None:
    with pytest.raises(CallbackRefused):
        open_callback(*signed(makers.aes(plain)))

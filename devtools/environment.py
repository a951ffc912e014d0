"""The settings under which tests run."""

from collections.abc import Mapping

# A machine's HTTP proxy cannot reach this machine's loopback.
DIRECT = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}

TEST_SETTINGS = {
    "SECRET_KEY": "a-key-for-tests-alone-that-protects-nothing-at-all",
    "ALLOWED_HOSTS": "*",
    "DEBUG": "0",
    "PUBLIC_BASE_URL": "http://127.0.0.1:8000",
    "WECHAT_APP_ID": "wx0123456789abcdef",
    "WECHAT_APP_SECRET": "0123456789abcdef0123456789abcdef",
    "WECHAT_TOKEN": "callbacktoken",
    "WECHAT_ENCODING_AES_KEY": "",
    # Names that never resolve (RFC 2606): a call that a test forgot to answer reaches nobody.
    "WECHAT_API_BASE_URL": "http://api.wechat.invalid",
    "WECHAT_OAUTH_BASE_URL": "http://open.wechat.invalid",
    "LOG_FORMAT": "console",
    "THROTTLE_SCALE": "1",
    **DIRECT,
}


def environment_for_tests(environment: Mapping[str, str], *, media_root: str) -> dict[str, str]:
    """The environment with every setting that is not in it taken from the test settings."""
    return TEST_SETTINGS | {"MEDIA_ROOT": media_root} | dict(environment)

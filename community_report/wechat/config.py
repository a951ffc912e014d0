"""The official account, as the settings describe it."""

from dataclasses import dataclass, field

from django.conf import settings


@dataclass(frozen=True)
class Account:
    """Credentials and addresses of one official account; secrets stay out of `repr`."""

    app_id: str
    app_secret: str = field(repr=False)
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    api_base_url: str
    oauth_base_url: str
    timeout: float  #: seconds, for connecting and for each read


def account() -> Account:
    """The account of the current settings."""
    return Account(
        app_id=settings.WECHAT_APP_ID,
        app_secret=settings.WECHAT_APP_SECRET,
        token=settings.WECHAT_TOKEN,
        aes_key=settings.WECHAT_ENCODING_AES_KEY,
        api_base_url=settings.WECHAT_API_BASE_URL.rstrip("/"),
        oauth_base_url=settings.WECHAT_OAUTH_BASE_URL.rstrip("/"),
        timeout=float(settings.WECHAT_TIMEOUT_SECONDS),
    )

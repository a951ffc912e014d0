"""What a channel is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from community_report.outward.sms import Gateway
from dispatch.values import Value


@dataclass(frozen=True)
class TemplateChoice:
    """The account's template for a kind: which of the kind's values goes into which of its fields."""

    template_id: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class SmsChoice:
    """A short message: the gateway, the number, and which of the kind's values are the template's parameters."""

    gateway: Gateway
    phone: str = field(repr=False)
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """One message to one person, complete: a channel reads no database. `url` is the full address of its page.

    `client_msg_id` is the same at every attempt whose outcome is not known. `form` is "text" or "news". `granted`: the
    person agreed to a message of `subscription`. `window_open`: they can be written to now, as far as we know.
    `phrases` are the values in Chinese, where `values` are in another language.
    `openid` is "" for who cannot be reached through WeChat, `sms` None for who cannot by a short message.
    """

    openid: str
    kind: str
    text: str
    url: str
    client_msg_id: str
    values: Mapping[str, Value] = field(default_factory=dict)
    phrases: Mapping[str, Value] = field(default_factory=dict)
    template: TemplateChoice | None = None
    form: str = "text"
    picture_url: str = ""
    subscription: TemplateChoice | None = None
    granted: bool = False
    window_open: bool = False
    sms: SmsChoice | None = None


class Channel(Protocol):
    """A way to reach a person. `name` is what the ledger shows."""

    name: str

    def serves(self, message: Message) -> bool:
        """Can it carry this message at all?"""

    def send(self, message: Message) -> str:
        """Send; gives the provider's message id, or "". Raises WeChatError, whose kind says what to do."""

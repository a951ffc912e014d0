"""What can go wrong at WeChat, sorted by what a sender should do about it."""

import re
from enum import StrEnum, auto


class ErrorKind(StrEnum):
    """What to do about a failed call."""

    TRANSIENT = auto()  #: again later: busy, network, 5xx, HTML, empty, time-out, per-minute limit
    TOKEN = auto()  #: WeChat refused the access token, also after one renewal: again later, alarm if it lasts
    QUOTA = auto()  #: used up: again after WeChat's reset (midnight in China; mass messages: the month)
    NOT_THIS_WAY = auto()  #: this person cannot be reached by this channel now: try the next one
    UNFOLLOWED = auto()  #: this person does not follow the account
    ACCOUNT = auto()  #: the account may not do this, or its credentials or templates are wrong: alarm
    PERSON = auto()  #: no such OpenID at this account, or blacklisted: permanent for this person
    MEDIA_GONE = auto()  #: no such MediaID, or older than three days
    PERMANENT = auto()  #: the call itself is wrong; the same call fails again


#: Return codes, from the "error codes" table of each API's page under
#: https://developers.weixin.qq.com/doc/service/api/ and the global table
#: https://developers.weixin.qq.com/doc/oplatform/Return_codes/Return_code_descriptions_new.html
#: What is not listed is PERMANENT as well.
CODES: dict[ErrorKind, frozenset[int]] = {
    ErrorKind.TRANSIENT: frozenset(
        {
            -1,  # busy
            45011,  # calls per minute
            45066,  # mass sends follow one another too fast
            50002,  # user or interface limited for now
        }
    ),
    ErrorKind.TOKEN: frozenset({40001, 40014, 42001}),
    ErrorKind.QUOTA: frozenset(
        {
            45009,  # calls per day
            45028,  # no mass quota left
            48006,  # clear_quota used up for the month
        }
    ),
    ErrorKind.NOT_THIS_WAY: frozenset(
        {
            43101,  # subscription refused, or no grant left
            45015,  # 48-hour window closed
            45047,  # allowance of the window used up
            48002,  # this person switched messages off
        }
    ),
    ErrorKind.UNFOLLOWED: frozenset({43004}),
    ErrorKind.ACCOUNT: frozenset(
        {
            40013,  # app id
            40036,  # size of the template id
            40037,  # template id
            40125,  # app secret
            40164,  # address not on the white list
            40243,  # app secret frozen
            41002,  # app id missing
            41004,  # app secret missing
            47003,  # template argument
            48001,  # API not authorised
            48003,  # mass agreement not signed
            48004,  # API forbidden for this account
            50004,  # interface forbidden
            50007,  # account frozen
            89503,  # address awaits the administrator
            89506,  # administrator refused the address twice in a day
            89507,  # administrator refused the address within the hour
        }
    ),
    ErrorKind.PERSON: frozenset({40003, 43019}),
    ErrorKind.MEDIA_GONE: frozenset({40007}),
    ErrorKind.PERMANENT: frozenset(
        {
            10003,  # redirect domain of OAuth
            40002,  # grant type
            40004,  # media type
            40016,  # number of menu buttons
            40018,  # length of a menu button's name
            40029,  # OAuth code
            40130,  # a mass message to one person
            40163,  # OAuth code used before
            40200,  # message type that a test account has not
            41001,  # token missing
            41008,  # OAuth code missing
            41030,  # page of a subscription message
            42003,  # OAuth code too old
            43002,  # not POST
            45002,  # content too long
            45008,  # more than one article
            45026,  # more than 25 templates
            45056,  # too many tags
            45057,  # tag of more than 100,000 people
            45058,  # tag of WeChat's own
            45065,  # clientmsgid used before: sent already
            45067,  # clientmsgid too long
            45157,  # tag's name taken
            45158,  # tag's name too long
            45159,  # no such tag
        }
    ),
}
_KIND_OF_CODE = {code: kind for kind, codes in CODES.items() for code in codes}

#: Codes under which no call of the account can work, whatever the channel.
_NOTHING_WORKS = frozenset({40001, 40013, 40125, 40164, 40243, 41002, 41004, 50007, 89503, 89506, 89507})

#: Parameters of WeChat and of robots' webhooks; Feishu's key stands in the path.
_SECRET_PARAMETER = re.compile(
    r"""(/hook/|\b(?:access_token|secret|appsecret|code|ticket|jsapi_ticket|key|sign)["']?\s*[=:]\s*["']?)[^&\s"',}]+""",
    re.IGNORECASE,
)
_MESSAGE_LENGTH = 200


def kind_of(code: int) -> ErrorKind:
    """The kind of a non-zero return code."""
    return _KIND_OF_CODE.get(code, ErrorKind.PERMANENT)


def kind_of_finish_status(status: str) -> ErrorKind | None:
    """The kind of a TEMPLATESENDJOBFINISH `Status`; None for `success`.

    WeChat documents `success`, `failed:user block` and `failed: system failed` (its spacing varies).
    """
    words = " ".join(status.lower().replace(":", " ").split())
    if words == "success":
        return None
    if words == "failed user block":
        return ErrorKind.NOT_THIS_WAY
    return ErrorKind.TRANSIENT if words == "failed system failed" else ErrorKind.PERMANENT


def redact(text: str, *secrets: str) -> str:
    """`text` without these secrets and without the values of parameters that hold one, at most 200 characters."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return _SECRET_PARAMETER.sub(r"\1***", text)[:_MESSAGE_LENGTH]


class WeChatError(Exception):
    """A call that WeChat did not carry out. `code` is None when no return code came (network, HTML, time-out).

    The text is safe to log and to show to managers: it holds no token and no secret.
    """

    #: Who did not carry it out.
    provider = "WeChat"

    def __init__(self, kind: ErrorKind, message: str, code: int | None = None) -> None:
        # All arguments go to `args`, so that the exception survives pickling between Celery's processes.
        super().__init__(kind, message, code)
        self.kind = kind
        self.message = message
        self.code = code

    def __str__(self) -> str:
        return f"{self.provider} {self.kind.value}{f' {self.code}' if self.code is not None else ''}: {self.message}"

    @property
    def blocks_every_channel(self) -> bool:
        """Credentials or address white list: no channel can work until the operator mends it; wait, don't hand over."""
        return self.kind is ErrorKind.ACCOUNT and self.code in _NOTHING_WORKS


def transient(message: str) -> WeChatError:
    """An error without a return code that may pass by itself."""
    return WeChatError(ErrorKind.TRANSIENT, message)

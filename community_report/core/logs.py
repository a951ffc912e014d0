"""Logging: one line per event on standard error, as JSON or for the console, and never a secret."""

import logging
import re
from typing import Any

import structlog

#: Query parameters and fields whose values must never be written: tokens, codes, signatures, secrets.
_SECRETS = re.compile(
    r"(?i)((?:access_token|secret|appsecret|refresh_token|code|ticket|signature|msg_signature|jsapi_ticket|password|"
    r"sessionid|csrftoken|authorization|openid|invite)(?:\\?[\"')]?\s*[=:]\s*\\?[\"'(]?))([^&\s\"',;)}\\]+)"
)
_PHONES = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")
#: WeChat's, wherever one stands.
_OPENIDS = re.compile(r"(?<![\w-])o[A-Za-z0-9_-]{27}(?![\w-])")


def scrub(text: str) -> str:
    """`text` without secrets and OpenIDs; mobile numbers keep three and four digits."""
    return _PHONES.sub(r"\1****\2", _OPENIDS.sub("o***", _SECRETS.sub(r"\1***", text)))


def _scrub_event(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    return {key: scrub(value) if isinstance(value, str) else value for key, value in event.items()}


class BriefOutage(logging.Filter):
    """While PostgreSQL or Redis is away a line says so each time; the same traceback every second would say no more."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "celery.beat" and str(record.msg).startswith("Message Error: "):
            record.msg, record.args, record.exc_info = record.getMessage().split("\n")[0], (), None
        return not (record.name == "django.request" and getattr(record, "status_code", 0) == 503)


class ScrubbingFormatter(structlog.stdlib.ProcessorFormatter):
    """The last gate: whatever a library put into the record is scrubbed as well."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


def logging_config(log_format: str, *, debug: bool = False) -> dict[str, Any]:
    """A `dictConfig` for `json` or `console`."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _scrub_event,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": ScrubbingFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                "foreign_pre_chain": shared,
            }
        },
        "filters": {"brief_outage": {"()": BriefOutage}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["brief_outage"]}},
        "root": {"handlers": ["stderr"], "level": "DEBUG" if debug else "INFO"},
        "loggers": {
            "django": {"level": "INFO", "propagate": True, "handlers": []},
            "django.server": {"level": "INFO", "propagate": True, "handlers": []},
            "django.db.backends": {"level": "INFO"},
            "urllib3": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            # The pulse runs every second; its two lines a time would bury the rest.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
        },
    }

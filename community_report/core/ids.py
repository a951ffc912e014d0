"""Identifiers and codes that nobody can guess."""

import secrets
import uuid

#: No 0/O, 1/I/L: codes are read aloud.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def opaque_id() -> uuid.UUID:
    """A random primary key (122 random bits)."""
    return uuid.uuid4()


def short_code(length: int = 12) -> str:
    """A code for people: about 4.95 bits a character."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def parse_uuid(value: object) -> uuid.UUID | None:
    """A UUID, or None when `value` is none."""
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return None

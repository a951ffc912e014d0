"""Stored files below MEDIA_ROOT, named in the database by their relative paths."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction

log = structlog.get_logger(__name__)


def absolute(path: str) -> Path:
    """Where a stored path is on disk; raises ValueError for one that would leave MEDIA_ROOT."""
    root = Path(settings.MEDIA_ROOT).resolve()
    full = (root / path).resolve()
    if not full.is_relative_to(root):
        raise ValueError("outside MEDIA_ROOT")
    return full


def remove_later(paths: Iterable[str]) -> None:
    """Remove the files once the running transaction has committed; what is gone already is fine."""
    for path in filter(None, paths):
        transaction.on_commit(partial(remove, path), robust=True)


def remove(path: str) -> None:
    try:
        absolute(path).unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        log.warning("media_file_not_removed", path=path, error=type(error).__name__)

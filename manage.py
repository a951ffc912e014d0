#!/usr/bin/env python
"""Django's command line."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext

#: Commands that touch neither database nor Redis: an image builds, and a checkout is checked, with no setting at all.
NEED_NO_SETTINGS = {"check", "collectstatic", "help", "version", "--help", "--version", "diffsettings", "spectacular"}
#: Commands of which one statement may take longer than a person would wait for; seconds.
LOOK_AT_EVERYTHING, DAY = {"migrate", "check_figures"}, 24 * 3600.0


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "community_report.settings")
    from django.core.management import execute_from_command_line

    if len(sys.argv) > 1 and sys.argv[1] not in NEED_NO_SETTINGS and "--help" not in sys.argv:
        from community_report.startup import require_settings

        require_settings()
    with _patience(sys.argv[1:2]):
        execute_from_command_line(sys.argv)


def _patience(command: list[str]) -> AbstractContextManager[None]:
    if not LOOK_AT_EVERYTHING.intersection(command):
        return nullcontext()
    from community_report.core.database import patience

    return patience(DAY)


if __name__ == "__main__":
    main()

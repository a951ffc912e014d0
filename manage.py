#!/usr/bin/env python
"""Django's command line."""

import os
import sys

#: Commands that touch neither database nor Redis: an image builds, and a checkout is checked, with no setting at all.
NEED_NO_SETTINGS = {"check", "collectstatic", "help", "version", "--help", "--version", "diffsettings", "spectacular"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "community_report.settings")
    from django.core.management import execute_from_command_line

    if len(sys.argv) > 1 and sys.argv[1] not in NEED_NO_SETTINGS and "--help" not in sys.argv:
        from community_report.startup import require_settings

        require_settings()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

"""What must hold before a process starts: every setting is there and well formed."""

import sys


def require_settings() -> None:
    """Stop with one line that names the first missing or malformed setting (exit status 78, EX_CONFIG)."""
    from django.conf import settings

    if settings.SETTINGS_PROBLEMS:
        name, problem = settings.SETTINGS_PROBLEMS[0]
        sys.stderr.write(f"community_report: setting {name}: {problem}\n")
        sys.stderr.flush()
        raise SystemExit(78)

"""What must hold before a process starts: every setting is there and well formed."""

import sys


def require_settings() -> None:
    """Stop with one line on standard error that names the first missing or malformed setting (exit status 78, EX_CONFIG)."""
    from django.conf import settings

    if settings.SETTINGS_PROBLEMS:
        name, problem = settings.SETTINGS_PROBLEMS[0]
        print(f"community_report: setting {name}: {problem}", file=sys.stderr, flush=True)
        raise SystemExit(78)

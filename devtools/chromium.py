"""Where Chromium is, for the browser tests."""

import os
import shutil
from pathlib import Path

NAMES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "google-chrome", "chromium")
ADVICE = "Chromium is missing: install it (Debian: apt install chromium fonts-noto-cjk) or set CHROME=/path/to/chrome"


def find() -> Path | None:
    """$CHROME when it is set (and nothing else then), else the system's, else None."""
    if chosen := os.environ.get("CHROME"):
        return Path(chosen) if shutil.which(chosen) else None
    return next((Path(found) for name in NAMES if (found := shutil.which(name))), None)

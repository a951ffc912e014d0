"""Static files out of our folder and of installed packages, put together so that a page needs few requests."""

import os
import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

#: What a page loads, one file each: address below /static/ → its parts in order, files of our `static` folder or of a
#: package. Every page loads the same two, so the second page has them already, and the first asks for little.
BUNDLES: dict[str, list[str | tuple[str, str]]] = {
    "bundles/app.css": [
        ("bootstrap", "css/bootstrap.min.css"),
        "css/theme/frame.css",
        "css/theme/controls.css",
        "css/theme/parts.css",
        "css/theme/forms.css",
        "css/theme/pages.css",
    ],
    "bundles/app.js": [
        ("xstatic.pkg.jquery", "data/jquery.min.js"),
        ("bootstrap", "js/bootstrap.bundle.min.js"),
        "js/core/ui.js",
        "js/core/api.js",
        "js/core/forms.js",
        "js/core/media.js",
        "js/core/browser.js",
        "js/core/wechat.js",
        "js/core/keep.js",
        "js/core/recorder.js",
        "js/core/collect.js",
        "js/core/later.js",
    ],
}
#: Maps are for developers' tools; what is named has to be found when addresses are hashed.
SOURCE_MAP = re.compile(r"(//|/\*)# sourceMappingURL=\S+( ?\*/)?")


def _part(part: str | tuple[str, str]) -> Path:
    if isinstance(part, str):
        return Path(settings.BASE_DIR) / "static" / part
    package, inside = part
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    found = next((Path(f) / inside for f in folders if (Path(f) / inside).is_file()), None)
    if found is None:
        raise FileNotFoundError(f"{package}: {inside}")
    return found


class _BundleStorage(FileSystemStorage):
    """The files of `BUNDLES`, written anew when one of their parts is newer."""

    def path(self, name: str) -> str:
        parts, made = [_part(part) for part in BUNDLES[name]], Path(settings.BASE_DIR) / "var" / name
        rules = Path(__file__)
        if not made.exists() or made.stat().st_mtime < max(p.stat().st_mtime for p in (*parts, rules)):
            made.parent.mkdir(parents=True, exist_ok=True)
            fresh = made.with_name(f"{made.name}.{os.getpid()}")
            fresh.write_text("\n".join(SOURCE_MAP.sub("", part.read_text()) for part in parts))
            fresh.replace(made)
        return str(made)


class BundleFinder(BaseFinder):
    """Finds exactly `BUNDLES`."""

    storage = _BundleStorage(location="/nonexistent")

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:
        found = self.storage.path(path) if path in BUNDLES else None
        if find_all:
            return [found] if found else []
        return found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[tuple[str, Any]]:
        return [(name, self.storage) for name in BUNDLES]


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed and compressed once collected; before that (tests, a fresh checkout) the plain addresses."""

    manifest_strict = False

    def stored_name(self, name: str) -> str:
        if not self.hashed_files:
            return StaticFilesStorage.url(self, name).removeprefix(self.base_url or "")
        return super().stored_name(name)

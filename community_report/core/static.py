"""Static files out of installed packages: an allow-list, so that only what a page loads is collected."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

#: address below /static/ → (package, file in it); the source maps are there because the files name them, and what is
#: named has to be found when addresses are hashed.
FILES = {
    "vendor/bootstrap/bootstrap.min.css": ("bootstrap", "css/bootstrap.min.css"),
    "vendor/bootstrap/bootstrap.min.css.map": ("bootstrap", "css/bootstrap.min.css.map"),
    "vendor/bootstrap/bootstrap.bundle.min.js": ("bootstrap", "js/bootstrap.bundle.min.js"),
    "vendor/bootstrap/bootstrap.bundle.min.js.map": ("bootstrap", "js/bootstrap.bundle.min.js.map"),
    "vendor/jquery/jquery.min.js": ("xstatic.pkg.jquery", "data/jquery.min.js"),
}


def _package_file(package: str, inside: str) -> Path | None:
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    return next((Path(f) / inside for f in folders if (Path(f) / inside).is_file()), None)


class _PackageStorage(FileSystemStorage):
    """Maps the addresses of `FILES` to where pip put them."""

    def path(self, name: str) -> str:
        found = _package_file(*FILES[name])
        if found is None:
            raise FileNotFoundError(name)
        return str(found)


class PackageFinder(BaseFinder):
    """Finds exactly `FILES`."""

    storage = _PackageStorage(location="/nonexistent")

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:
        found = _package_file(*FILES[path]) if path in FILES else None
        if find_all:
            return [str(found)] if found else []
        return str(found) if found else None

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[tuple[str, Any]]:
        return [(name, self.storage) for name in FILES]


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed and compressed once collected; before that (tests, a fresh checkout) the plain addresses."""

    manifest_strict = False

    def stored_name(self, name: str) -> str:
        if not self.hashed_files:
            return StaticFilesStorage.url(self, name).removeprefix(self.base_url or "")
        return super().stored_name(name)

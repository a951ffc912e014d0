"""gettext without the gettext programs: Babel reads the sources, Django's own `templatize` the templates.

    python -m devtools.messages extract            update locale/en from the sources
    python -m devtools.messages compile [FILE.po…] make the .mo files
    python -m devtools.messages check              fail when something has no English, or could not get one

Message ids are Chinese, so the source language needs no catalogue. locale/zh_Hans, kept by hand, holds what Django's
admin and its theme leave in English.
"""

import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.jslexer import tokenize
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.template.base import Lexer, TokenType
from django.utils.translation.template import templatize

from devtools.literals import CHINESE, KEYWORDS, untranslatable

ROOT = Path(__file__).resolve().parents[1]
LOCALE = "en"
PACKAGES = ("accounts", "community_report", "dispatch", "notices", "reports")
DOMAINS = ("django", "djangojs")
IN_TEMPLATE_STRING = re.compile(r"""gettext\((["']).*?\1""")
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|%[sd]|\{(\w*)\}")

Found = tuple[int, str | tuple[str, ...], list[str], str | None]


def sources(domain: str, root: Path = ROOT) -> list[Path]:
    """The files that hold messages of a domain, in a stable order."""
    if domain == "djangojs":
        return sorted((root / "static" / "js").rglob("*.js"))
    python = [path for name in PACKAGES for path in (root / name).rglob("*.py") if "migrations" not in path.parts]
    return sorted(python + templates(root))


def templates(root: Path = ROOT) -> list[Path]:
    folders = [root / "templates", *(root / name for name in PACKAGES)]
    found = [path for folder in folders for kind in ("*.html", "*.txt") for path in folder.rglob(kind)]
    return [path for path in found if "templates" in path.parts]


def read_messages(path: Path) -> Iterator[Found]:
    """(line, message id or ids, comments, context) of one file."""
    if path.suffix == ".js":
        options = {"parse_template_string": True}
        return extract("javascript", io.BytesIO(path.read_bytes()), KEYWORDS, ("Translators:",), options)
    text = path.read_text()
    if path.suffix != ".py":
        # Between the messages stand fillers that are no Python; one message a line, without indentation, is.
        text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines())
    return extract("python", io.BytesIO(text.encode()), KEYWORDS, ("Translators:",))


def catalogue_of_sources(domain: str, root: Path = ROOT) -> Catalog:
    catalogue = Catalog(locale=LOCALE, charset="utf-8")
    for path in sources(domain, root):
        for _, message, comments, context in read_messages(path):
            location = [(path.relative_to(root).as_posix(), 0)]
            catalogue.add(message, locations=location, auto_comments=comments, context=context)
    return catalogue


def po_file(domain: str, root: Path = ROOT) -> Path:
    return root / "locale" / LOCALE / "LC_MESSAGES" / f"{domain}.po"


def read_catalogue(path: Path, domain: str) -> Catalog:
    locale = path.parents[1].name
    if not path.exists():
        return Catalog(locale=locale, domain=domain, charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=locale, domain=domain)


def update(domain: str, root: Path = ROOT) -> None:
    """Bring the catalogue in line with the sources; what has no translation yet is left empty."""
    wanted = catalogue_of_sources(domain, root)
    path = po_file(domain, root)
    if not len(wanted) and not path.exists():
        return
    catalogue = read_catalogue(path, domain)
    catalogue.update(wanted, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, sort_output=True, omit_header=False, include_lineno=False)


def compile_file(path: Path) -> None:
    catalogue = read_catalogue(path, path.stem)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue, use_fuzzy=False)


def problems(root: Path = ROOT) -> Iterator[str]:
    """Every message without sound English, and every Chinese word of the sources that cannot be translated."""
    for domain in DOMAINS:
        path = po_file(domain, root)
        catalogue = read_catalogue(path, domain)
        for message in catalogue_of_sources(domain, root):
            if message.id:
                yield from _problems_of(message, catalogue, path.relative_to(root))
    for module in sources("django", root):
        if module.suffix == ".py":
            yield from untranslatable(module, root)
    for template in templates(root):
        yield from _untranslatable(template, template.relative_to(root))
    for script in sources("djangojs", root):
        yield from _untranslatable_in_script(script, script.relative_to(root))


def _problems_of(wanted: Message, catalogue: Catalog, path: Path) -> Iterator[str]:
    key = _strings(wanted.id)[0]
    found = catalogue.get(key, wanted.context)
    where = ", ".join(sorted({file for file, _ in wanted.locations}))
    if found is None or not all(_strings(found.string)):
        yield f"{path}: no English for {key!r} ({where})"
    elif found.fuzzy:
        yield f"{path}: fuzzy: {key!r} ({where})"
    elif any(_placeholders(text) - _placeholders(key) for text in _strings(found.string)):
        yield f"{path}: unknown placeholder in the English of {key!r}"
    elif _placeholders(key) - set().union(*map(_placeholders, _strings(found.string))):
        yield f"{path}: placeholder missing in the English of {key!r}"


def _strings(value: str | Iterable[str] | None) -> list[str]:
    return [value or ""] if value is None or isinstance(value, str) else list(value)


def _placeholders(text: str) -> set[str]:
    return {match.group(0) for match in PLACEHOLDER.finditer(text)}


def _untranslatable_in_script(script: Path, shown: Path) -> Iterator[str]:
    """Chinese strings of a script that are not what `gettext(` is given."""
    before: list[str] = []
    for token in tokenize(script.read_text(), template_string=True):
        words = token.type in ("string", "template_string") and CHINESE.search(IN_TEMPLATE_STRING.sub("", token.value))
        if words and not (before[-1:] == ["("] and before[0].endswith("gettext")):
            yield f"{shown}:{token.lineno}: Chinese text outside gettext: {token.value[:40]}"
        before = [*before[-1:], token.value]


def _untranslatable(template: Path, shown: Path) -> Iterator[str]:
    """Chinese text of a template outside the translation tags."""
    inside = False
    for token in Lexer(template.read_text()).tokenize():
        if token.token_type is TokenType.BLOCK:
            name = token.contents.split()[0]
            if name in ("blocktranslate", "blocktrans", "comment"):
                inside = True
            elif name in ("endblocktranslate", "endblocktrans", "endcomment"):
                inside = False
        elif token.token_type is TokenType.TEXT and not inside and CHINESE.search(token.contents):
            yield f"{shown}:{token.lineno}: Chinese text outside a translation tag: {token.contents.strip()[:40]!r}"


def main(arguments: Sequence[str]) -> int:
    match arguments:
        case ["extract"]:
            for domain in DOMAINS:
                update(domain)
        case ["compile", *files]:
            for path in map(Path, files) if files else sorted((ROOT / "locale").rglob("*.po")):
                compile_file(path)
        case ["check"]:
            found = list(problems())
            print(*found, sep="\n", file=sys.stderr)
            return 1 if found else 0
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

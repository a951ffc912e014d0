"""The back office speaks Chinese: nothing that it takes from packages is left in English."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import unfold
from django.contrib import admin
from django.test import Client
from django.utils import translation

from devtools.messages import read_messages
from tests.admin.test_admin import client_of
from tests.factories import Cast

ADMIN, THEME = Path(admin.__file__).parent, Path(unfold.__file__).parent
#: Parts of the theme that are not in use, and Django's mails to people who have no address here.
UNUSED = re.compile(r"/(constance|guardian|import_export|inlines|location_field|simple_history|registration)/")
#: Words that say the same in both languages, and log entries that are formatted elsewhere.
SAME = {"%(class_name)s %(instance)s", "addedname", "changedname", "deletedname"}


def messages_of(root: Path) -> Iterator[tuple[str, str | None]]:
    for path in sorted([*root.rglob("*.html"), *root.rglob("*.py")]):
        if not UNUSED.search(path.relative_to(root.parent).as_posix().replace(root.name, "", 1)):
            for _line, message, _comments, context in read_messages(path):
                yield message if isinstance(message, str) else message[0], context


@pytest.mark.parametrize("root", [ADMIN, THEME], ids=["admin", "theme"])
def test_every_word_of_the_theme_has_chinese(root: Path) -> None:
    missing = set()
    with translation.override("zh-hans"):
        for message, context in messages_of(root):
            said = translation.pgettext(context, message) if context else translation.gettext(message)
            if said == message and message not in SAME and re.search("[a-z]{2}", message):
                missing.add(message)
    assert missing == set()


def test_the_words_of_the_scripts_have_chinese(cast: Cast) -> None:
    catalogue = client_of(cast.manager).get("/admin/jsi18n/").content.decode()
    script = (ADMIN / "static/admin/js/SelectFilter2.js").read_text()
    wanted = set(re.findall(r"gettext\(\s*'([^']+)'", script))
    assert len(wanted) > 5
    assert {word for word in wanted if f"{json.dumps(word)}: " not in catalogue} == set()


def test_who_chose_english_gets_english(cast: Cast) -> None:
    client: Client = client_of(cast.manager)
    assert "过滤器" in client.get("/admin/reports/report/").content.decode()
    cast.manager.language = "en"
    cast.manager.save()
    assert "Filters" in client.get("/admin/reports/report/").content.decode()

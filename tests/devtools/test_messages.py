"""Catalogues are made from the sources, and nothing goes out without its English."""

import gettext
from pathlib import Path

import pytest

from devtools import messages

PYTHON = """
from django.utils.translation import gettext as _, ngettext, pgettext_lazy
def says(n, name):
    return _("您好，%(name)s") % {"name": name}, ngettext("%(n)s 张", "%(n)s 张", n), pgettext_lazy("按钮", "确认")
"""
TEMPLATE = """{% load i18n %}
  <h1 title="{% translate '标题' %}">
    {% blocktranslate with who=name %}欢迎 {{ who }}，共 5% 折{% endblocktranslate %}</h1>
    {{ _("它说：“it's”") }} {% comment %}注释{% endcomment %} {# 也是注释 #}
{% blocktranslate count n=n trimmed %}
    {{ n }} 条
{% plural %}
    {{ n }} 条
{% endblocktranslate %}
"""
SCRIPT = "document.title = gettext('正在录音'); const s = `x ${gettext(\"发送\")}`;\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {"accounts/says.py": PYTHON, "templates/page.html": TEMPLATE, "static/js/pages/page.js": SCRIPT}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def translate(project: Path, domain: str, english: dict[str, str | tuple[str, str]]) -> None:
    path = messages.po_file(domain, project)
    catalogue = messages.read_catalogue(path, domain)
    for message in catalogue:
        key = message.id[0] if isinstance(message.id, tuple) else message.id
        message.string = english.get(key, message.string)
    with path.open("wb") as file:
        messages.write_po(file, catalogue)


DJANGO = {
    "您好，%(name)s": "Hello, %(name)s",
    "%(n)s 张": ("%(n)s picture", "%(n)s pictures"),
    "确认": "Confirm",
    "标题": "Title",
    "欢迎 %(who)s，共 5%% 折": "Welcome %(who)s, 5%% off",
    "它说：“it's”": "It says “it's”",
    "%(n)s 条": ("One, %(n)s", "%(n)s entries"),
}
SCRIPTS = {"正在录音": "Recording", "发送": "Send"}


def ids(domain: str, project: Path) -> set[str]:
    found = [m.id for m in messages.catalogue_of_sources(domain, project) if m.id]
    return {entry[0] if isinstance(entry, tuple) else entry for entry in found}


def test_every_message_of_sources_templates_and_scripts_is_found(project: Path) -> None:
    assert ids("django", project) == set(DJANGO)
    assert ids("djangojs", project) == set(SCRIPTS)


def test_what_is_translated_is_what_gettext_reads(project: Path) -> None:
    messages.update("django", project)
    translate(project, "django", DJANGO)
    messages.compile_file(messages.po_file("django", project))
    with messages.po_file("django", project).with_suffix(".mo").open("rb") as file:
        english = gettext.GNUTranslations(file)
    assert english.gettext("标题") == "Title"
    assert english.pgettext("按钮", "确认") == "Confirm"
    assert [english.ngettext("%(n)s 张", "%(n)s 张", n) for n in (1, 2)] == ["%(n)s picture", "%(n)s pictures"]


def test_a_complete_catalogue_passes_and_stays_as_it_is(project: Path) -> None:
    for domain, english in (("django", DJANGO), ("djangojs", SCRIPTS)):
        messages.update(domain, project)
        translate(project, domain, english)
    assert list(messages.problems(project)) == []
    messages.update("django", project)
    before = messages.po_file("django", project).read_bytes()
    messages.update("django", project)
    assert messages.po_file("django", project).read_bytes() == before


@pytest.mark.parametrize(
    ("key", "english", "complaint"),
    [
        ("标题", "", "no English for '标题' (templates/page.html)"),
        ("您好，%(name)s", "Hello", "placeholder missing"),
        ("您好，%(name)s", "Hello, %(nam)s", "unknown placeholder"),
        ("%(n)s 张", ("%(n)s picture", ""), "no English for '%(n)s 张' (accounts/says.py)"),
    ],
)
def test_a_message_without_sound_english_is_named(
    project: Path, key: str, english: str | tuple[str, str], complaint: str
) -> None:
    for domain, texts in (("django", DJANGO | {key: english}), ("djangojs", SCRIPTS)):
        messages.update(domain, project)
        translate(project, domain, texts)
    (problem,) = messages.problems(project)
    assert complaint in problem


def test_fuzzy_english_is_named(project: Path) -> None:
    for domain, texts in (("django", DJANGO), ("djangojs", SCRIPTS)):
        messages.update(domain, project)
        translate(project, domain, texts)
    path = messages.po_file("django", project)
    path.write_text(path.read_text().replace('msgid "标题"', '#, fuzzy\nmsgid "标题"'))
    (problem,) = messages.problems(project)
    assert "fuzzy: '标题'" in problem


def test_chinese_outside_a_translation_tag_is_named(project: Path) -> None:
    for domain, texts in (("django", DJANGO), ("djangojs", SCRIPTS)):
        messages.update(domain, project)
        translate(project, domain, texts)
    (project / "templates" / "raw.html").write_text("<p>\n没有翻译</p>")
    (problem,) = messages.problems(project)
    assert problem.startswith("templates/raw.html:1: Chinese text outside a translation tag")


def test_chinese_of_a_script_outside_gettext_is_named(project: Path) -> None:
    for domain, texts in (("django", DJANGO), ("djangojs", SCRIPTS)):
        messages.update(domain, project)
        translate(project, domain, texts)
    script = project / "static/js/pages/page.js"
    script.write_text(script.read_text() + "// 说明\ntoast('忘了翻译');\nconst n = `又忘了 ${1}`;\n")
    assert list(messages.problems(project)) == [
        "static/js/pages/page.js:3: Chinese text outside gettext: '忘了翻译'",
        "static/js/pages/page.js:4: Chinese text outside gettext: `又忘了 ${1}`",
    ]


def test_chinese_of_a_module_outside_gettext_is_named(project: Path) -> None:
    for domain, texts in (("django", DJANGO), ("djangojs", SCRIPTS)):
        messages.update(domain, project)
        translate(project, domain, texts)
    said = '"""说明"""\nfrom gettext import gettext as _late\n\nA = _late("改了名字")\nB = f"忘了 {A}"\n'
    (project / "accounts" / "raw.py").write_text(said)
    (project / "accounts" / "text.py").write_text('UNITS = ("号楼", "幢")\n')
    assert list(messages.problems(project)) == [
        "accounts/raw.py:4: Chinese text outside gettext: '改了名字'",
        "accounts/raw.py:5: Chinese text outside gettext: '忘了 '",
    ]


def test_what_left_the_sources_leaves_the_catalogue(project: Path) -> None:
    messages.update("djangojs", project)
    (project / "static/js/pages/page.js").write_text("gettext('发送');")
    messages.update("djangojs", project)
    text = messages.po_file("djangojs", project).read_text()
    assert "发送" in text
    assert "正在录音" not in text

"""Chinese literals of Python that nobody could translate: part of `devtools.messages check`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

CHINESE = re.compile(r"[\u3400-\u9fff]")
#: What takes a message, by its only names: another name would keep its messages out of the catalogue.
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
#: Literals that are no words for a reader of either language, by file or folder; None: all of it.
DATA: dict[str, frozenset[str] | None] = {
    # What people and spreadsheets write, to be understood.
    "accounts/text.py": None,
    "accounts/services/roster_file.py": frozenset({"楼栋", "单元", "房号", "姓名", "手机", "手机号", "电话"}),
    "accounts/management/commands/import_residents.py": None,
    "community_report/site/templatetags/h5.py": frozenset({"保洁", "卫生", "治安", "安全", "修", "招领"}),
    # Names that a community has from its beginning and changes as it likes.
    "accounts/services/communities.py": frozenset({"业主", "物业管理人员"}),
    # A language's own name.
    "community_report/settings.py": frozenset({"简体中文"}),
    # WeChat's: its console's entries in the doctor's English, its clients' menu, its templates' formats, its own text.
    "dispatch/services/doctor.py": None,
    "dispatch/services/menu.py": None,
    "dispatch/channels/template.py": frozenset({"无", "年", "月", "日 "}),
    "dispatch/services/chat.py": frozenset({"收到不支持的消息类型"}),
    # Invented communities.
    "community_report/site/made": None,
}


def untranslatable(path: Path, root: Path) -> Iterator[str]:
    """A line for each Chinese literal of this file that is neither given to gettext, nor a docstring, nor `DATA`."""
    shown = path.relative_to(root)
    allowed = next((DATA[key] for key in (str(shown), str(shown.parent)) if key in DATA), frozenset[str]())
    if allowed is None:
        return
    tree = ast.parse(path.read_text())
    harmless = {id(node) for node in _harmless(tree)}
    for node in ast.walk(tree):
        words = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if CHINESE.search(words) and id(node) not in harmless and words not in allowed:
            yield f"{shown}:{getattr(node, 'lineno', 0)}: Chinese text outside gettext: {words[:40]!r}"


def _harmless(tree: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, and whatever stands in a call of gettext."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            yield node.value
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in KEYWORDS:
                for argument in node.args:
                    yield from ast.walk(argument)

"""House rules that no tool knows. import-linter holds the layers; see pyproject.toml."""

import ast
import re
import statistics
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
APPS = ("accounts", "reports", "notices", "dispatch")
PRODUCT = (*APPS, "community_report")
EVERYTHING = (*PRODUCT, "sandbox", "devtools", "tests")

#: What an app keeps to itself; its models, services, policies, states, querysets and signals are for others.
PRIVATE = {"admin", "api", "apps", "forms", "management", "middleware", "receivers", "tasks", "urls", "views"}
LONGEST_FILE = 500
LONGEST_FUNCTION = 80
HTTP_CLIENTS = {"aiohttp", "http.client", "httpx", "requests", "urllib.request", "urllib3", "wechatpy"}


def python_files(*packages: str) -> list[Path]:
    found = (path for name in packages for path in (PROJECT / name).rglob("*.py"))
    return sorted(path for path in found if "migrations" not in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def shown(path: Path, node: ast.AST | None = None) -> str:
    line = f":{node.lineno}" if isinstance(node, ast.stmt | ast.expr) else ""
    return path.relative_to(PROJECT).as_posix() + line


def imports(path: Path) -> Iterator[tuple[str, ast.stmt]]:
    """Absolute names of the modules (and of what is taken from them) that a file imports."""
    package = path.relative_to(PROJECT).with_suffix("").parts
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((f"{base}.{alias.name}", node) for alias in node.names)


def functions(*packages: str) -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in python_files(*packages):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call with its function as written: `time.sleep`, `task.delay`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def is_module(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def test_an_app_keeps_its_edges_to_itself() -> None:
    broken = []
    for path in python_files(*APPS, "community_report/site", "community_report/core", "community_report/wechat"):
        own, below = path.relative_to(PROJECT).parts[:2]
        for name, node in imports(path):
            first, *rest = name.split(".")
            foreign_edge = first in APPS and first != own and rest and rest[0] in PRIVATE
            # What spans apps answers in their shapes: each shape of the JSON API is written down once.
            shape = below == "site" and rest[:2] == ["api", "shapes"]
            if foreign_edge and not shape:
                broken.append(f"{shown(path, node)} imports {name}")
    assert broken == []


def test_one_door_to_wechat_and_to_the_network() -> None:
    door = PROJECT / "community_report" / "wechat"
    broken = [
        f"{shown(path, node)} imports {name}"
        for path in python_files(*PRODUCT)
        if door not in path.parents
        for name, node in imports(path)
        if any(is_module(name, client) for client in HTTP_CLIENTS)
    ]
    assert broken == []


def test_work_is_handed_to_the_workers_in_one_place() -> None:
    broken = [
        f"{shown(path, call)} calls {name}"
        for path in python_files(*PRODUCT)
        if shown(path) != "community_report/core/queue.py"
        for name, call in calls(path)
        if re.search(r"\.(delay|apply_async|send_task)$", name)
    ]
    assert broken == []


def test_only_the_services_of_reports_change_a_reports_state() -> None:
    services = PROJECT / "reports" / "services"
    broken = []
    for path in python_files(*PRODUCT):
        if services not in path.parents:
            broken += [shown(path, node) for node in ast.walk(tree(path)) if sets_a_reports_state(node)]
    assert broken == []


def sets_a_reports_state(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(re.search(r"(?i)report\w*\.status$", ast.unparse(target)) for target in targets)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update":
        about_reports = re.search(r"(?i)\breports?\b", ast.unparse(node.func))
        return bool(about_reports) and any(keyword.arg == "status" for keyword in node.keywords)
    return False


def test_the_product_never_sleeps() -> None:
    broken = [
        shown(path, call) for path in python_files(*PRODUCT) for name, call in calls(path) if name == "time.sleep"
    ]
    assert broken == []


def test_elsewhere_a_sleep_is_a_step_of_a_loop_that_looks() -> None:
    broken = []
    for path in python_files("devtools", "sandbox", "tests"):
        fine = set(sleeps_with_a_reason(tree(path)))
        broken += [shown(path, call) for name, call in calls(path) if name == "time.sleep" and call not in fine]
    assert broken == []


def sleeps_with_a_reason(module: ast.Module) -> Iterator[ast.AST]:
    """What is inside a loop (it polls), or inside a function within a function (a stand-in that plays being slow)."""
    for node in ast.walk(module):
        if isinstance(node, ast.While | ast.For):
            yield from ast.walk(node)
        elif isinstance(node, ast.FunctionDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.FunctionDef | ast.Lambda) and inner is not node:
                    yield from ast.walk(inner)


def test_files_are_short() -> None:
    scripts = [path for folder in ("static", "sandbox") for path in (PROJECT / folder).rglob("*.js")]
    pages = [path for folder in ("templates", "sandbox") for path in (PROJECT / folder).rglob("*.html")]
    files = [*python_files(*EVERYTHING), *scripts, *pages]
    sizes = {shown(path): len(path.read_text().splitlines()) for path in files}
    assert {name: size for name, size in sizes.items() if size > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    sizes = {f"{shown(path, node)} {node.name}": length(node) for path, node in functions(*EVERYTHING)}
    assert {name: size for name, size in sizes.items() if size > LONGEST_FUNCTION} == {}
    *_, ninety_fifth = statistics.quantiles(sizes.values(), n=20)
    assert (statistics.median(sizes.values()) <= 10, ninety_fifth <= 40) == (True, True)


def test_nothing_is_silenced_or_put_off() -> None:
    marks = re.compile(r"#\s*(type:\s*ignore|noqa|pragma:|TODO|FIXME|XXX)|/[/*]\s*(TODO|FIXME|XXX|eslint-disable)")
    files = [*python_files(*EVERYTHING), *(PROJECT / "static").rglob("*.js"), *(PROJECT / "templates").rglob("*.html")]
    broken = [
        f"{shown(path)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if marks.search(line)
    ]
    assert broken == []


def test_tests_are_left_out_only_where_chromium_is_missing() -> None:
    broken = [
        f"{shown(path, call)} calls {name}"
        for path in python_files("tests")
        if "browser" not in path.parts
        for name, call in calls(path)
        if re.search(r"\b(skip|skipif|xfail|importorskip)$", name)
    ]
    assert broken == []


CHECKS = re.compile(r"(^|\.|_)(assert\w*|raises|expect|warns|fail)$|(^|\.)(assert|check|expect)_\w+$")


def test_every_test_asserts_something() -> None:
    tests = [(path, node) for path, node in functions("tests") if node.name.startswith("test_")]
    assert len(tests) > 50
    assert [f"{shown(path, node)} {node.name}" for path, node in tests if not asserts(node)] == []


def asserts(test: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    nodes = list(ast.walk(test))
    checks = (CHECKS.search(ast.unparse(node.func)) for node in nodes if isinstance(node, ast.Call))
    return any(isinstance(node, ast.Assert) for node in nodes) or any(checks)


@pytest.mark.parametrize(
    ("source", "broken"),
    [
        ("report.status = 'closed'", True),
        ("self.report.status = 'closed'", True),
        ("Report.objects.filter(pk=1).update(status='closed')", True),
        ("delivery.status = 'sent'", False),
        ("Delivery.objects.update(status='sent')", False),
        ("status = report.status", False),
    ],
)
def test_the_check_of_states_sees_what_it_should(source: str, broken: bool) -> None:
    assert any(sets_a_reports_state(node) for node in ast.walk(ast.parse(source))) is broken

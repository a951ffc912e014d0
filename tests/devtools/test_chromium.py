"""Without Chromium the browser tests are left out loudly, or, in CI, fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from devtools import chromium

PROJECT = Path(__file__).parents[2]
TESTS = """
import pytest
@pytest.mark.browser
@pytest.mark.parametrize("n", [1, 2])
def test_page(n):
    assert n
def test_other():
    assert True
"""


def run_pytest(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(PROJECT / "conftest.py", folder)
    (folder / "test_it.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = browser\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:django", "-p", "no:cacheprovider", *arguments]
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "REQUIRE_BROWSER": "0"} | variables
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_browser_tests_are_left_out_and_counted(tmp_path: Path, workers: str) -> None:
    done = run_pytest(tmp_path, "-n", workers, CHROME="/nonexistent")
    assert done.returncode == 0
    assert done.stdout.count(f"{chromium.ADVICE}. Left out: 2 browser tests.") == 1
    assert "1 passed" in done.stdout


def test_they_fail_where_they_are_required(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, CHROME="/nonexistent", REQUIRE_BROWSER="1")
    assert done.returncode == 1
    assert "1 passed, 2 errors" in done.stdout
    assert chromium.ADVICE in done.stdout


def test_they_run_where_it_is(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, CHROME=sys.executable)
    assert "3 passed" in done.stdout
    assert "Left out" not in done.stdout


def test_the_chosen_one_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHROME", sys.executable)
    assert chromium.find() == Path(sys.executable)
    monkeypatch.setenv("CHROME", str(tmp_path / "nothing"))
    assert chromium.find() is None
    monkeypatch.delenv("CHROME")
    monkeypatch.setattr(chromium, "NAMES", (str(tmp_path / "nothing"), sys.executable))
    assert chromium.find() == Path(sys.executable)

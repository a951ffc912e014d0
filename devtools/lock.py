"""Pin everything: `python -m devtools.lock` turns each requirements*.in into the requirements*.txt of its name.

Each set is installed into an empty virtual environment and frozen; a later set is resolved together with the
earlier ones and lists only what it adds.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

SETS = ("requirements", "requirements-demo", "requirements-dev")


def main() -> int:
    pinned: set[str] = set()
    earlier: Path | None = None
    with tempfile.TemporaryDirectory(prefix="community-report-lock-") as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "bin", "python")
        for name in SETS:
            target = Path(f"{name}.txt")
            frozen = _install_and_freeze(python, Path(f"{name}.in"), earlier)
            added = sorted(set(frozen) - pinned, key=str.lower)
            head = [f"# Made from {name}.in by `make lock`."] + ([f"-r {earlier}"] if earlier else [])
            target.write_text("\n".join([*head, *added]) + "\n")
            pinned |= set(frozen)
            earlier = target
        subprocess.run([python, "-m", "pip", "check"], check=True)
    return 0


def _install_and_freeze(python: Path, wanted: Path, earlier: Path | None) -> list[str]:
    constraints = ["-r", str(earlier)] if earlier else []
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", str(wanted), *constraints], check=True)
    frozen = subprocess.run([python, "-m", "pip", "freeze"], check=True, capture_output=True, text=True)
    return frozen.stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())

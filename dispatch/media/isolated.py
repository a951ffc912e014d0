"""Runs the decoders in a process of their own, under limits: a bomb or a crash never takes the worker with it."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .errors import MediaInterrupted, MediaRefused

Kind = Literal["image", "voice"]

#: Wall-clock limit of one file; the processor-time limit of the child itself (`child.CPU_SECONDS`) is lower.
TIMEOUT_SECONDS = 12.0
CHILD = ["-m", "dispatch.media.child"]
PROJECT = Path(__file__).resolve().parents[2]
# What comes from outside the child; every other signal (crash, processor time) is the file's doing.
_FROM_OUTSIDE = frozenset({signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT})


@dataclass(frozen=True)
class Processed:
    """What was made of a file: paths in the target folder, pixels, seconds."""

    path: Path
    content_type: str
    thumbnail: Path | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None


def process(kind: Kind, source: Path, target_dir: Path, *, timeout: float = TIMEOUT_SECONDS) -> Processed:
    """Turn a picture into `image.jpg` and `thumbnail.jpg`, a recording into `voice.m4a`, in an existing folder.

    Raises MediaRefused when the file is at fault and MediaInterrupted when trying again may help; then nothing is
    left in the folder.
    """
    source, target_dir = source.resolve(strict=True), target_dir.resolve(strict=True)
    try:
        answer = _run_child(kind, source, target_dir, timeout)
    except BaseException:
        for name in ("image.jpg", "thumbnail.jpg", "voice.m4a"):
            (target_dir / name).unlink(missing_ok=True)
        raise
    if kind == "image":
        return Processed(path=target_dir / "image.jpg", thumbnail=target_dir / "thumbnail.jpg", **answer)
    return Processed(path=target_dir / "voice.m4a", **answer)


def _run_child(kind: Kind, source: Path, target_dir: Path, timeout: float) -> dict[str, Any]:
    command = [sys.executable, *CHILD, kind, str(source), str(target_dir)]
    # Nothing of our environment (secrets) goes to a process that parses a stranger's file; one malloc arena keeps
    # its address space near what it uses.
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}
    try:
        child = subprocess.run(
            command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        raise MediaInterrupted(f"no result within {timeout:g} s") from None
    if child.returncode == 0:
        answer: dict[str, Any] = json.loads(child.stdout)
        if reason := answer.pop("refused", None):
            raise MediaRefused(reason)
        return answer
    if child.returncode < 0 and -child.returncode not in _FROM_OUTSIDE:
        raise MediaRefused("broken")
    raise MediaInterrupted(f"exit code {child.returncode}: {child.stderr.decode(errors='replace')[-500:]}")

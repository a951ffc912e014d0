"""The limited process: `python -m dispatch.media.child image|voice SOURCE TARGET_DIR`, one JSON object as answer.

The limits are set before the decoders are imported. Django is never imported here: the start costs a tenth of a
second.
"""

import errno
import json
import resource
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .errors import MediaRefused

MEMORY_BYTES = 1024**3
CPU_SECONDS = 10
FILE_BYTES = 16 * 1024**2
#: The end also when nobody waits any more: the worker may have been killed.
WALL_SECONDS = 15


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(WALL_SECONDS)


def convert(kind: str, source: Path, target_dir: Path) -> dict[str, Any]:
    if kind == "image":
        from .images import process_image

        return asdict(process_image(source, target_dir / "image.jpg", target_dir / "thumbnail.jpg"))
    from .audio import process_voice

    return asdict(process_voice(source, target_dir / "voice.m4a"))


def main(kind: str, source: str, target_dir: str) -> int:
    limit()
    try:
        answer = convert(kind, Path(source), Path(target_dir))
    except MediaRefused as refusal:
        answer = {"refused": refusal.reason}
    except MemoryError:
        answer = {"refused": "broken"}
    except OSError as error:
        # The limit on the file's size: no honest picture or recording comes near it.
        if error.errno != errno.EFBIG:
            raise
        answer = {"refused": "broken"}
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

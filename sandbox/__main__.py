"""`python -m sandbox`: prints the address that it listens on, as one line, and runs until it is told to stop."""

import asyncio
import contextlib
import signal

from sandbox.config import Config, from_command_line
from sandbox.server import running


async def main(config: Config) -> None:
    async with running(config) as server:
        print(server.world.origin, flush=True)
        end = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, end.set)
        await end.wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(from_command_line()))

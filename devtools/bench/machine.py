"""The demo's processes with people made for measuring, and no demonstration."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from devtools.demo import Demo


class Bench(Demo):
    """Four worker processes, two web processes; `measure` is called when all of them are ready."""

    concurrency = 4

    def __init__(self, port: int, home: Path, sizes: Sequence[int], measure: "Callable[[Bench], None]") -> None:
        super().__init__(port, home)
        self.sizes = sizes
        self._measure = measure

    def environment(self, servers: dict[str, str]) -> dict[str, str]:
        return super().environment(servers) | {"THROTTLE_SCALE": "0", "PUSH_GATHER_PER_MINUTE": "0"}

    def processes(self) -> dict[str, int]:
        """Name → process id of each server."""
        servers = {"postgres": self.services.postgres.process, "redis": self.services.valkey.process}
        children = {child.name: child.process for child in self.children}
        return {name: one.pid for name, one in (servers | children).items() if one}

    def everybody(self) -> range:
        return range(max(self.sizes) + 10)

    def _sandbox_options(self) -> list[str]:
        cast = self.home / "cast.toml"
        phones = [f'[[phones]]\nhost = "p{n}"\nopenid = "{openid(n)}"\nsubscribed = true\n' for n in self.everybody()]
        account = '[account]\nname = "bench"\nid = "gh_bench"\n[[templates]]\nid = "bench-template"\ntitle = "x"\n'
        cast.write_text(account + 'content = "{{thing1.DATA}}"\n' + "".join(phones), "utf-8")
        options = super()._sandbox_options()
        options[options.index("--cast") + 1] = str(cast)
        return options

    def _start(self, environment: dict[str, str]) -> None:
        self._bring_up(environment)
        os.environ.update(environment | {"DJANGO_SETTINGS_MODULE": "community_report.settings"})
        import django

        django.setup()
        self._measure(self)
        self.stopping.set()


def openid(number: int) -> str:
    return f"oBench{number:021d}"

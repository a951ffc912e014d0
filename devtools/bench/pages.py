"""How long each page takes a manager of a large community: the table "A large community" of docs/performance.md.

    python -m devtools.services run -- python -m devtools.bench.pages [WORD …]

makes the community (BENCH_HOMES, BENCH_REPORTS; a few minutes) where the database has none yet, then asks for every
page (whose name has one of the words) by the test client, five times after two that are not counted. The word `files`
takes lists out as files as well. To keep the database, set DATABASE_URL to one of your own.

Milliseconds are the median by the clock; on a busy machine trust the processor time beside them, of this process and of
PostgreSQL (where it runs on this machine). The word `slow` shows queries of more than 20 ms, for EXPLAIN.
"""

import os
import statistics
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from devtools.bench.accounting import family, processor_seconds

if TYPE_CHECKING:  # models exist only after django.setup()
    from django.test import Client

    from accounts.models import Community, User

SLUG = "fuchen"
TIMES = 5
SLOW_MS = 20
_FILES = Path(__file__).resolve().parents[1] / "demo_files"

#: What is asked of the back office beside the first page of each list.
SEARCHES = {
    "reports/report": ("漏水", "13800", "2511", "3幢", "need=overdue", "status__exact=closed", "o=3"),
    "reports/reportevent": ("漏水",),
    "reports/claim": ("251130",),
    "reports/rating": ("251130",),
    "dispatch/delivery": ("251130", "status__exact=delivered"),
    "accounts/membership": ("13800",),
    "accounts/user": ("13800",),
    "accounts/rosterentry": ("13800",),
    "accounts/record": ("251130",),
}


@dataclass
class Measured:
    """One page's figures: milliseconds by the clock and of the processors, and its queries."""

    name: str
    clock: float
    processor: float
    postgres: float
    queries: int
    slow: list[str] = field(default_factory=list)

    def line(self) -> str:
        figures = f"{self.clock:8.0f} {self.processor:8.0f} {self.postgres:8.0f} {self.queries:8}"
        return "\n".join([f"{self.name:<58}{figures}", *(f"    {query}" for query in self.slow)])


def measure(client: "Client", name: str, address: str, *, postgres: int, show: bool) -> Measured:
    from django.db import connection

    queries, slow = _queries(client, address)
    clocks, processors = list[float](), list[float]()
    before = processor_seconds(family(postgres))
    for _ in range(TIMES):
        began, used = time.perf_counter(), time.process_time()
        answer = client.get(address)
        clocks.append((time.perf_counter() - began) * 1000)
        processors.append((time.process_time() - used) * 1000)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
    connection.close()  # a server's process that has ended is counted with its parent
    spent = (processor_seconds(family(postgres)) - before) * 1000 / TIMES
    middle = statistics.median
    return Measured(name, middle(clocks), middle(processors), spent, queries, slow if show else [])


def _queries(client: "Client", address: str) -> tuple[int, list[str]]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(address)  # what is kept from one request to the next
    with CaptureQueriesContext(connection) as caught:
        client.get(address)
    found = [(float(query["time"]) * 1000, query["sql"]) for query in caught.captured_queries]
    return len(found), [f"{ms:.0f} ms: {sql}" for ms, sql in found if ms > SLOW_MS]


def pages(community: "Community", manager: "User") -> dict[str, str]:
    """Name → address of everything that is measured."""
    from django.utils import timezone

    year = (timezone.now() - timedelta(days=365)).date()
    api = f"/api/v1/{{}}community={community.slug}".format
    return {
        **_desk(manager),
        "GET reports?scope=all": "/api/v1/reports?scope=all",
        "GET reports, searched for 漏水": f"/api/v1/reports?scope=all&q={quote('漏水')}",
        "GET people": api("people?"),
        "GET notices": api("notices?"),
        "GET deliveries": "/api/v1/deliveries",
        "GET deliveries, dead": "/api/v1/deliveries?status=dead",
        "GET stats, 30 days": api(f"stats?since={(timezone.now() - timedelta(days=30)).date()}&"),
        "GET stats, a year": api(f"stats?since={year}&"),
        "/h5/manage": "/h5/manage",
        "/h5/manage, searched for 漏水": f"/h5/manage?q={quote('漏水')}",
        "/h5/manage/stats": "/h5/manage/stats",
        "/h5/manage/stats, a year": f"/h5/manage/stats?since={year}",
        "/h5/manage/people": "/h5/manage/people",
    }


def _desk(manager: "User") -> dict[str, str]:
    """The first page, and the list of each model that the manager may see."""
    from django.contrib import admin
    from django.test import RequestFactory

    from accounts.policies import standing_of

    request = RequestFactory().get("/admin/")
    request.user = manager
    vars(request)["standing"] = standing_of(manager)
    found = {"back office": "/admin/", "back office, a year": "/admin/?days=365"}
    for model, page in admin.site._registry.items():
        if not page.has_view_permission(request):
            continue
        name = f"{model._meta.app_label}/{model._meta.model_name}"
        found[name] = f"/admin/{name}/"
        for words in SEARCHES.get(name, ()):
            query = words if "=" in words else f"q={quote(words)}"
            found[f"{name} · {words}"] = f"/admin/{name}/?{query}"
    return found


def files(client: "Client") -> None:
    """Each list as a file: when its first byte came, when its last, and the largest this process was."""
    print(f"\n{'a list as a file':<40}{'first ms':>10}{'s':>8}{'cpu s':>8}{'MB':>8}{'peak before → after':>24}")
    for name in ("accounts/record", "reports/report", "dispatch/delivery", "accounts/membership"):
        for form in ("csv", "xlsx"):
            before, used, began = _peak_mb(), time.process_time(), time.perf_counter()
            size, first = _taken(client, f"/admin/{name}/export/{form}")
            took = f"{time.perf_counter() - began:8.1f}{time.process_time() - used:8.1f}{size / 1e6:8.1f}"
            print(f"{name + ' ' + form:<40}{(first - began) * 1000:10.0f}{took}{before:12.0f} → {_peak_mb():.0f} MB")


def _taken(client: "Client", address: str) -> tuple[int, float]:
    size, first = 0, 0.0
    answer: Any = client.get(address)
    for piece in answer.streaming_content:
        first = first or time.perf_counter()
        size += len(piece)
    return size, first


def _peak_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def prepared() -> "Community":
    """The large community, made where there is none yet."""
    from django.core.management import call_command
    from django.db import connection

    from accounts.models import Community
    from reports.models import Report

    call_command("migrate", verbosity=0)
    if not Report.objects.filter(community__slug=SLUG).exists():
        call_command("setup_community", str(_FILES / "fuchen.toml"), stdout=sys.stderr)
        homes, reports = os.environ.get("BENCH_HOMES", "5000"), os.environ.get("BENCH_REPORTS", "100000")
        call_command("make_data", community=SLUG, homes=int(homes), reports=int(reports), stdout=sys.stderr)
        with connection.cursor() as cursor:  # as autovacuum does within minutes
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("VACUUM ANALYZE")  # alone: of two statements sent as one it would be in a transaction
    return Community.objects.get(slug=SLUG)


def backend() -> int:
    """The process of PostgreSQL, 0 where it runs elsewhere."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    with suppress(OSError):
        status = Path(f"/proc/{pid}/stat").read_text()
        if "postgres" in status:
            return int(status.rpartition(")")[2].split()[1])
    return 0


def main(words: list[str]) -> None:
    os.environ |= {"THROTTLE_SCALE": "0", "DJANGO_SETTINGS_MODULE": "community_report.settings"}
    import django

    django.setup()
    from django.test import Client

    from accounts.models import Membership

    community, postgres = prepared(), backend()
    manager = Membership.objects.filter(community=community, role__slug="manager").select_related("user")[0].user
    client = Client()
    client.force_login(manager, backend="accounts.auth.ManagerBackend")
    print(f"{'page':<58}{'ms':>8} {'python':>8} {'postgres':>8} {'queries':>8}")
    wanted = [word for word in words if word not in ("slow", "files")]
    for name, address in pages(community, manager).items():
        if any(word in name for word in wanted or [""]):
            print(measure(client, name, address, postgres=postgres, show="slow" in words).line(), flush=True)
    if "files" in words:
        files(client)


if __name__ == "__main__":
    main(sys.argv[1:])

"""/metrics: figures for Prometheus, computed from the database at each scrape, so that every process says the same.

Only a scraper on this machine, and not through a proxy, is answered; the reverse proxy refuses the address besides.
"""

import ipaddress
from collections.abc import Iterator

from django.db.models import Count, Min, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from community_report.core import heartbeat
from dispatch.models import Delivery, InboundMessage, Outbox
from dispatch.services import replaying
from reports.models import Attachment, Report

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class DatabaseCollector:
    """What an operator watches: how much there is of everything, and how old the oldest that waits is."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield _by("community_report_reports", "Reports by status", Report.objects.all(), "status")
        yield _by("community_report_deliveries", "Deliveries by status", Delivery.objects.all(), "status")
        yield _by("community_report_attachments", "Attachments by status", Attachment.objects.all(), "status")
        unrouted = Outbox.objects.filter(routed_at=None)
        yield _one("community_report_outbox_unrouted", "Outbox rows not routed yet", unrouted.count())
        unhandled = InboundMessage.objects.filter(handled_at=None)
        yield _one("community_report_inbound_unhandled", "WeChat's messages not handled yet", unhandled.count())
        yield _one("community_report_inbound_left_over", "WeChat's messages given up", replaying.quarantined().count())
        waiting = Delivery.objects.filter(status=Delivery.Status.PENDING, due_at__lte=timezone.now())
        yield _one("community_report_delivery_oldest_due_seconds", "Age of the oldest due delivery", _age(waiting))
        alive = heartbeat.worker_is_alive()
        yield _one("community_report_worker_alive", "1 while a worker writes its heartbeat", float(alive))


def _by(name: str, words: str, rows: "QuerySet[Report | Delivery | Attachment]", field: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[field])
    for value, count in rows.order_by().values_list(field).annotate(n=Count("pk")):
        family.add_metric([value], count)
    return family


def _one(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


def _age(waiting: "QuerySet[Delivery]") -> float:
    oldest = waiting.aggregate(oldest=Min("due_at"))["oldest"]
    return max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0.0


def metrics(request: HttpRequest) -> HttpResponse:
    """404 to everybody but this machine."""
    if request.headers.get("X-Forwarded-For") or not _is_this_machine(request.META.get("REMOTE_ADDR", "")):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(DatabaseCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE)


def _is_this_machine(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False

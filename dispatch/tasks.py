"""What workers run: ids in, one call of a service out. A task may run twice, or never: the sweep has the last word."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from community_report.core.queue import enqueue_now

from .services import delivery, group_messages, languages, media, robots, routing, sweeping


@shared_task
def route(outbox_id: int) -> None:
    """Work out who is to be told, then ask for the sending, batch by batch."""
    batches = routing.route(outbox_id)
    for batch in batches:
        enqueue_now(deliver, [str(pk) for pk in batch])
    if not batches and routing.is_broadcast(outbox_id):
        enqueue_now(deliver_due)


@shared_task
def deliver(delivery_ids: list[str]) -> None:
    """Send these, as far as they are due."""
    delivery.deliver([UUID(pk) for pk in delivery_ids])


@shared_task
def deliver_due() -> None:
    """Send what is due; what is left when the time is up goes on at once, not with the next pulse."""
    if delivery.deliver_due():
        enqueue_now(deliver_due)


@shared_task
def pulse() -> None:
    """Every second: what is due goes out, retries above all."""
    for pk in media.overdue(timezone.now()):
        enqueue_now(download, str(pk))
    if group_messages.waiting(timezone.now()):
        enqueue_now(send_group_messages)
    if robots.waiting(timezone.now()):
        enqueue_now(send_robot_posts)
    if sweeping.pulse(timezone.now()):
        enqueue_now(deliver_due)


@shared_task
def send_group_messages() -> None:
    """The notices that go out to whole lists of people."""
    group_messages.work(timezone.now())


@shared_task
def send_robot_posts() -> None:
    """What group chats are told."""
    robots.work(timezone.now())


@shared_task
def sweep() -> None:
    """Every `SWEEP_SECONDS`: whatever a crash, a lost queue or an outage left behind."""
    sweeping.sweep(timezone.now(), queue_download=lambda pk: enqueue_now(download, str(pk)))


@shared_task
def download(attachment_id: str) -> None:
    """Fetch one picture or voice message from WeChat and store it; then ask for the next one that waits for a place."""
    if media.download(UUID(attachment_id)):
        for pk in media.due_attachments(timezone.now(), limit=1):
            enqueue_now(download, str(pk))


@shared_task
def learn_language(person_id: str) -> None:
    """Of who is new."""
    languages.learn_language(UUID(person_id))

"""Celery's tasks: ids in, one service call out. Every one can run twice, and a lost one is found by the sweep."""

from uuid import UUID

from celery import shared_task

from .services import media


@shared_task
def download(attachment_id: str) -> None:
    media.download(UUID(attachment_id))

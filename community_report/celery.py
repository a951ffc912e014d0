"""The Celery application: how work is handed to the workers, and what keeps it from being lost."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init

from community_report.core import heartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "community_report.settings")

__all__ = ["app", "heartbeat"]


class Application(Celery):
    """Refuses bad settings before worker or beat print anything: one line on standard error, and no banner."""

    def subclass_with_self(self, program: Any, /, *args: Any, **options: Any) -> Any:
        """Celery's way to its programs, asked for each before it begins."""
        if program in ("celery.apps.worker:Worker", "celery.apps.beat:Beat"):
            from community_report.startup import require_settings

            require_settings()
        return super().subclass_with_self(program, *args, **options)


app = Application("community_report", amqp="community_report.core.broker:Amqp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_django_logging(**_: Any) -> None:
    """Celery would set handlers of its own; ours write to standard error without secrets."""
    import logging.config

    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@worker_process_init.connect
def forget_inherited_connections(**_: Any) -> None:
    """A forked child must not share its parent's sockets."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.inc_thread_sharing()
        connection.connection = None
        connection.dec_thread_sharing()

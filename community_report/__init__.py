"""Community Report: residents report, staff are told, claim and mend, managers see everything."""

from .celery import app as celery_app

__all__ = ["celery_app"]

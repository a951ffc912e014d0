"""The back office of reports: what can be reported, the reports themselves, and their records."""

from . import choices, people, records, report

__all__ = ["choices", "people", "records", "report"]

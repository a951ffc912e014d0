"""Spans of time as the database reckons them."""

from django.db.models import DurationField, ExpressionWrapper, F, FloatField, Func


def minutes_between(start: str, end: str) -> Func:
    """As a float: EXTRACT would give a numeric, which takes several times as long to reckon with."""
    took = ExpressionWrapper(F(end) - F(start), output_field=DurationField())
    return Func(took, template="(date_part('epoch', %(expressions)s) / 60)", output_field=FloatField())

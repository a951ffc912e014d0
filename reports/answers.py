"""The answers prepared for a community, where somebody writes to a reporter."""

from collections.abc import Sequence

from django.db.models import Q

from .models import PreparedAnswer, Report


def answers_for(reports: Sequence[Report]) -> list[PreparedAnswer]:
    """Those that fit all of these reports, in their order: of one community, and of their category or of all."""
    communities = {report.community_id for report in reports}
    categories = {report.category_id for report in reports}
    if len(communities) != 1:
        return []
    fits = Q(category=None) | Q(category__in=categories if len(categories) == 1 else ())
    return list(PreparedAnswer.objects.filter(fits, community__in=communities, active=True))


def answers_by_use(report: Report) -> dict[str, list[PreparedAnswer]]:
    """By the action that they can be written with."""
    found = answers_for([report])
    return {use: [answer for answer in found if fits(answer, use)] for use in PreparedAnswer.Use.values}


def fits(answer: PreparedAnswer, action: str) -> bool:
    return answer.use in ("", action)


def with_answer(text: str, answers: Sequence[PreparedAnswer], chosen: str) -> str:
    """What was typed, and below it the answer of this key (as a form without scripts sends it), where there is one."""
    words = next((answer.text for answer in answers if str(answer.pk) == chosen), "")
    return "\n".join(filter(None, (text.strip(), words)))

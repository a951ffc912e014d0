"""Which open reports may be the one that somebody is about to file."""

from collections.abc import Sequence

from django.db import models

from accounts.models import Community

from .models import Category, Report
from .querysets import ReportQuerySet

#: How many of the newest open reports are compared, how many are shown, and from which likeness on.
COMPARED, SHOWN, ALIKE = 300, 10, 0.3
#: For a manager who merges: how many are offered first, from which score on, and when two addresses are one place.
LIKELY, DUPLICATE, SAME_PLACE = 5, 0.6, 0.7


def similar_reports(
    communities: Sequence[Community], *, category: str = "", building: str = "", q: str = ""
) -> list[Report]:
    """Open reports of a category (slug) and building (name) that read like `q`; the likest ten, newest first.

    What is empty does not narrow. Each comes with its category and building.
    """
    found = Report.objects.open().filter(community__in=communities).select_related("category", "building")
    if category:
        found = found.filter(category__slug=category)
    if building:
        found = found.filter(building__name=building)
    newest = found.order_by("-created_at", "-pk")[: COMPARED if q else SHOWN]
    if not q:
        return list(newest)
    scored = [(max(likeness(q, report.title), likeness(q, report.description)), report) for report in newest]
    likest = sorted((pair for pair in scored if pair[0] >= ALIKE), key=lambda pair: -pair[0])[:SHOWN]
    return sorted((report for _score, report in likest), key=lambda report: report.created_at, reverse=True)


def mergeable(report: Report) -> ReportQuerySet:
    """The other open reports of its community that are of its kind."""
    others = Report.objects.open().filter(community=report.community_id).exclude(pk=report.pk)
    return others.filter(category__in=kindred_categories(report))


def kindred_categories(report: Report) -> models.QuerySet[Category]:
    """Those of its community whose reports it may be merged with: board posts stay among themselves, for nobody works
    on them.
    """
    return Category.objects.filter(community=report.community_id, claimable=report.category.claimable)


def alike_in_kind(report: Report, other: Report) -> bool:
    return kindred_categories(report).filter(pk=other.category_id).exists()


def likely_duplicates(report: Report) -> list[Report]:
    """Open reports of its community that may be the same thing, the likest first; each with its category.

    The words count, and that it is the same kind of thing at the same place.
    """
    newest = mergeable(report).select_related("category", "claimed_by").order_by("-created_at", "-pk")[:COMPARED]
    scored = [(_alike(report, other), other) for other in newest]
    likest = sorted((pair for pair in scored if pair[0] >= DUPLICATE), key=lambda pair: -pair[0])
    return [other for _score, other in likest[:LIKELY]]


def _alike(report: Report, other: Report) -> float:
    """0 to 1.5: the likeness of the words, and a quarter each for category and place."""
    words = likeness(f"{report.title} {report.description}", f"{other.title} {other.description}")
    place = likeness(report.address, other.address) >= SAME_PLACE
    return words + 0.25 * (report.category_id == other.category_id) + 0.25 * place


def likeness(one: str, other: str) -> float:
    """How much of the shorter text stands in the longer, 0 to 1, by pairs of characters.

    Pairs suit Chinese, whose words mostly have two characters; trigrams find nothing in them.
    """
    a, b = _pairs(one), _pairs(other)
    if not a or not b:
        return 0.0
    return len(a & b) / min(len(a), len(b))


def _pairs(text: str) -> set[str]:
    plain = "".join(character for character in text.casefold() if character.isalnum())
    return {plain[i : i + 2] for i in range(len(plain) - 1)} or ({plain} if plain else set())

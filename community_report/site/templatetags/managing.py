"""Template tags of the managers' pages."""

from django import template

from accounts.pages import Place
from community_report.site.needs import Need, needs_of

register = template.Library()


@register.simple_tag
def needs(place: Place) -> list[Need]:
    """`{% needs place as waiting %}`: what waits for the manager in this community, from all apps."""
    return needs_of(place.standing, place.community)

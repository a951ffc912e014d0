"""The template tag that offers subscription messages."""

from typing import Any

from django import template
from django.template.context import RequestContext

from accounts.policies import person_of
from dispatch.subscribing import offer_to

register = template.Library()


@register.inclusion_tag("dispatch/subscribe.html", takes_context=True)
def subscribe_offer(context: RequestContext, *, after_sending: bool = False) -> dict[str, Any]:
    """`{% subscribe_offer %}`: WeChat's button, or nothing where no template is chosen. It shows itself where the
    JS-SDK works. `after_sending`: on the page of a report that was just filed.
    """
    return {"offer": offer_to(person_of(context["request"])), "after_sending": after_sending}

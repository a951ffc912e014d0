"""How a person is named to others: what stays when the identity is gone."""

from django.utils.translation import gettext as _

from accounts.models import User


def person_name(user: User) -> str:
    """The name that others see; an erased person has none left."""
    if user.erased_at is not None:
        return _("已注销用户")
    return user.display_name or _("微信用户")


def person(user: User) -> dict[str, str]:
    """`{"id", "display_name"}`."""
    return {"id": str(user.pk), "display_name": person_name(user)}

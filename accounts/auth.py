"""Logging in with a name and password: the back office only. Everybody else comes through WeChat."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models import User
from accounts.policies import may_enter_admin


class ManagerBackend(ModelBackend):
    """Passwords serve those who may enter the back office now; sessions of any person are read afresh each time."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        person = super().authenticate(request, username=username, password=password, **kwargs)
        return person if isinstance(person, User) and may_enter_admin(person) else None

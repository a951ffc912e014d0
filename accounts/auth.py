"""Logging in with a name and password: the back office only."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser


class ManagerBackend(ModelBackend):
    """Passwords serve those who may enter the back office, at every request afresh."""

    def user_can_authenticate(self, user: AbstractBaseUser | None) -> bool:
        return super().user_can_authenticate(user)

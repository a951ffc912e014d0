"""Addresses of what spans the apps: home, `GET me`, export, erasure, metrics."""

from django.urls import URLPattern, path

from .me import Me, MyExport
from .metrics import metrics
from .pages import home
from .profile import comfort, profile

api: list[URLPattern] = [
    path("me", Me.as_view(), name="me"),
    path("me/export", MyExport.as_view(), name="me-export"),
]
pages: list[URLPattern] = [path("", home, name="home"), path("me", profile), path("me/comfort", comfort)]
root: list[URLPattern] = [path("metrics", metrics, name="metrics")]

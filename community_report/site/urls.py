"""Addresses of what spans the apps: home, `GET me`, export, erasure, metrics."""

from django.urls import URLPattern, path

from .metrics import metrics

api: list[URLPattern] = []
pages: list[URLPattern] = []
root: list[URLPattern] = [path("metrics", metrics, name="metrics")]

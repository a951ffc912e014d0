"""Addresses of what spans the apps: home, profile, `GET me`, export, erasure, the demo of the domain proof."""

from django.urls import URLPattern

api: list[URLPattern] = []
pages: list[URLPattern] = []
root: list[URLPattern] = []

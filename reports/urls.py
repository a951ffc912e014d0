"""Addresses of the app `reports`: `api` below /api/v1/, `pages` below /h5/, `root` at the top."""

from django.urls import URLPattern

api: list[URLPattern] = []
pages: list[URLPattern] = []
root: list[URLPattern] = []

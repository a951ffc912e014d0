"""Addresses of the app `reports`: `api` below /api/v1/, `pages` below /h5/, `root` at the top."""

from django.urls import URLPattern, path

from .api.drafts import DraftView
from .serving import serve_media

api: list[URLPattern] = [
    path("drafts/<uuid:pk>", DraftView.as_view()),
]
pages: list[URLPattern] = []
root: list[URLPattern] = [
    path("media/<uuid:pk>/<str:name>", serve_media, name="media"),
]

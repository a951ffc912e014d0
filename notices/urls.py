"""Addresses of the app `notices`: `api` below /api/v1/, `pages` below /h5/, `root` at the top."""

from django.urls import URLPattern, path

from . import api as notices_api
from .views import notice, notices
from .views_write import edit_notice, new_notice, notice_reach, preview

api: list[URLPattern] = [
    path("notices", notices_api.Notices.as_view(), name="notices"),
    path("notices/<uuid:pk>", notices_api.NoticeDetail.as_view(), name="notice"),
    path("notices/<uuid:pk>/extras", notices_api.NoticeExtras.as_view(), name="notice-extras"),
    path("notices/<uuid:pk>/remind", notices_api.NoticeReminder.as_view(), name="notice-remind"),
    path("notices/<uuid:pk>/readers", notices_api.NoticeReaders.as_view(), name="notice-readers"),
]
pages: list[URLPattern] = [
    path("notices", notices),
    path("notices/new", new_notice),
    path("notices/reach", notice_reach),
    path("notices/preview", preview),
    path("notices/<uuid:pk>", notice),
    path("notices/<uuid:pk>/edit", edit_notice),
]
root: list[URLPattern] = []

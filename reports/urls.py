"""Addresses of the app `reports`: `api` below /api/v1/, `pages` below /h5/, `root` at the top."""

from django.urls import URLPattern, path

from .api import verbs
from .api.drafts import DraftMediaView, DraftView
from .api.overview import CategoriesView, StatsView
from .api.reports import ReportsView, ReportView, SimilarView
from .serving import serve_media
from .views import board, my_reports, report_page
from .views_acts import act_at_once, act_page, note_plainly
from .views_manage import manage
from .views_new import new_report
from .views_stats import stats
from .views_work import work

api: list[URLPattern] = [
    path("categories", CategoriesView.as_view()),
    path("stats", StatsView.as_view()),
    path("reports", ReportsView.as_view()),
    path("reports/similar", SimilarView.as_view()),
    path("reports/<uuid:pk>", ReportView.as_view()),
    *(path(f"reports/<uuid:pk>/{name}", view.as_view()) for name, view in verbs.VIEWS.items()),
    path("reports/<uuid:pk>/talk", verbs.TalkView.as_view()),
    path("reports/<uuid:pk>/note", verbs.InternalNoteView.as_view()),
    path("drafts/<uuid:pk>", DraftView.as_view()),
    path("drafts/<uuid:pk>/media/<uuid:attachment>", DraftMediaView.as_view()),
]
pages: list[URLPattern] = [
    path("reports/new", new_report),
    path("reports", my_reports),
    path("reports/<uuid:pk>", report_page),
    path("reports/<uuid:pk>/do", act_at_once),
    path("reports/<uuid:pk>/note", note_plainly),
    path("reports/<uuid:pk>/act/<slug:name>", act_page),
    path("board", board),
    path("work", work),
    path("manage", manage),
    path("manage/stats", stats),
]
root: list[URLPattern] = [
    path("media/<uuid:pk>/<str:name>", serve_media, name="media"),
]

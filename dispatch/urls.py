"""Addresses of the app `dispatch`: `api` below /api/v1/, `pages` below /h5/, `root` at the top."""

from django.urls import URLPattern, path

from .api.deliveries import DeliveriesView, ReportDeliveriesView
from .api.inbox import InboxReadView, InboxView
from .api.jssdk import JssdkConfigView
from .api.uploads import UploadView
from .callback import callback, domain_proof
from .views import inbox, open_message, unreached_page

api: list[URLPattern] = [
    path("jssdk-config", JssdkConfigView.as_view()),
    path("uploads", UploadView.as_view()),
    path("inbox", InboxView.as_view()),
    path("inbox/read", InboxReadView.as_view()),
    path("deliveries", DeliveriesView.as_view()),
    path("reports/<uuid:pk>/deliveries", ReportDeliveriesView.as_view()),
]
pages: list[URLPattern] = [
    path("inbox", inbox),
    path("inbox/<uuid:pk>", open_message),
    path("manage/unreached", unreached_page),
]
root: list[URLPattern] = [
    path("wechat/callback", callback, name="wechat-callback"),
    path("MP_verify_<slug:word>.txt", domain_proof),
]

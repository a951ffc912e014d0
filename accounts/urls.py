"""Addresses of the app `accounts`: `api` below /api/v1/, `pages` below /h5/, `root` at the top."""

from django.urls import URLPattern, path

from accounts import views
from accounts.api import views as api_views
from accounts.views_family import family_page
from accounts.views_pages import bind_page
from accounts.views_people import people, poster

api: list[URLPattern] = [
    path("bindings", api_views.Bindings.as_view(), name="bindings"),
    path("bindings/accept", api_views.AcceptInvitation.as_view(), name="accept-invitation"),
    path("bindings/<uuid:pk>/approve", api_views.ApproveBinding.as_view(), name="approve-binding"),
    path("bindings/<uuid:pk>/reject", api_views.RejectBinding.as_view(), name="reject-binding"),
    path("bindings/<uuid:pk>/revoke", api_views.RevokeBinding.as_view(), name="revoke-binding"),
    path("people", api_views.People.as_view(), name="people"),
    path("people/<uuid:pk>", api_views.Person.as_view(), name="person"),
    path("invitations", api_views.Invitations.as_view(), name="invitations"),
    path("invitations/<str:code>", api_views.OneInvitation.as_view(), name="invitation"),
]
pages: list[URLPattern] = [
    path("bind", bind_page, name="bind"),
    path("homes/<uuid:pk>", family_page),
    path("manage/people", people),
    path("manage/people/poster", poster),
    path("invitations/<str:code>.svg", views.invitation_qr, name="invitation-qr"),
    path("communities/<slug:slug>/qr.svg", views.community_qr, name="community-qr"),
    path("buildings/<int:pk>/qr.svg", views.building_qr, name="building-qr"),
]
root: list[URLPattern] = [
    path("wechat/oauth/start", views.oauth_start, name="login"),
    path("wechat/oauth/return", views.oauth_return, name="login-return"),
    path("admin-login", views.admin_login, name="admin-login"),
]

"""Logging in: to WeChat's OAuth and back, and the one-time link of the back office."""

from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language_from_request
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts import oauth_state
from accounts.models import Building, Community, Invitation, User
from accounts.oauth_state import Pending
from accounts.policies import person_of, require, standing_of
from accounts.qr import building_scene, community_scene, scene_svg
from accounts.services import login as logins
from accounts.services.invitations import invitation_url
from accounts.web import HOME, person_required, safe_next, start_address
from community_report.core.errors import DomainError, NotFound
from community_report.wechat.errors import WeChatError
from community_report.wechat.oauth import CodeSpent, OAuthIdentity, authorize_url, exchange_code

log = structlog.get_logger(__name__)


@never_cache
@require_GET
def oauth_start(request: HttpRequest) -> HttpResponse:
    """`?next=/h5/…`: to WeChat, with a state that only this browser's session knows."""
    next_ = safe_next(request.GET.get("next"))
    again = request.GET.get("again") == "1"
    if again and request.user.is_authenticated:
        return HttpResponseRedirect(next_)
    if not request.user.is_authenticated:
        # Anybody can begin logins without end: what comes of none is swept away soon.
        request.session.set_expiry(oauth_state.LIFE_SECONDS)
    state = oauth_state.issue(request.session, next_, again=again)
    return HttpResponseRedirect(authorize_url(f"{settings.PUBLIC_BASE_URL}/wechat/oauth/return", state))


@never_cache
@require_GET
def oauth_return(request: HttpRequest) -> HttpResponse:
    """`?code=&state=` from WeChat: the person is logged in and goes where they wanted to."""
    state = request.GET.get("state", "")
    was_there = oauth_state.done_next(request.session, state)
    if was_there is not None and request.user.is_authenticated:
        return HttpResponseRedirect(was_there)
    try:
        pending = oauth_state.spend(request.session, state)
    except oauth_state.SessionReplaced:
        return _restart_once(request, state)
    if pending is None:
        # Django forgets the key of a session that is no more.
        replaced = settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.session_key is None
        return _restart_once(request, state) if replaced else _unknown_state(request)
    code = request.GET.get("code", "")
    if not code:
        return login_problem(request, 403, _("没有完成登录，请再试一次"), next_=pending.next)
    return _log_in(request, code, state, pending)


def _unknown_state(request: HttpRequest) -> HttpResponse:
    """Somebody else's login, or one that is long over: never continued."""
    log.warning("login_state_unknown")
    return login_problem(request, 403, _("登录链接无效或已过期，请再试一次"))


def _restart_once(request: HttpRequest, state: str) -> HttpResponse:
    """The browser's session was replaced, mostly by the first of two redirects: a fresh login harms nobody."""
    return _unknown_state(request) if oauth_state.is_restart(state) else _restart(HOME)


def _restart(next_: str) -> HttpResponse:
    return HttpResponseRedirect(f"{start_address(next_)}&again=1")


def _log_in(request: HttpRequest, code: str, state: str, pending: Pending) -> HttpResponse:
    try:
        identity = exchange_code(code)
    except CodeSpent:
        if request.user.is_authenticated:
            return HttpResponseRedirect(pending.next)
        if pending.again:
            return login_problem(request, 403, _("登录没有成功，请稍后再试"), next_=pending.next)
        return _restart(pending.next)
    except WeChatError as error:
        log.warning("login_wechat_away", error=str(error))
        return login_problem(request, 503, _("微信暂时没有响应，请稍后再试"), next_=pending.next)
    return _welcome(request, identity, state, pending)


def _welcome(request: HttpRequest, identity: OAuthIdentity, state: str, pending: Pending) -> HttpResponse:
    if identity.snapshot:
        # WeChat gives a made-up OpenID on its snapshot page: binding it would bind nobody.
        sentence = _("您正在浏览网页快照。请点按右下角的“使用完整服务”，然后继续")
        return login_problem(request, 403, sentence, next_=pending.next)
    person = logins.person_logging_in(identity.openid, language=get_language_from_request(request))
    if not person.is_active:
        return login_problem(request, 403, _("这个账号已停用，请联系物业"))
    login(request, person, backend=logins.SESSION_BACKEND)
    request.session.set_expiry(None)
    oauth_state.remember_done(request.session, state, pending.next)
    return HttpResponseRedirect(pending.next)


def login_problem(request: HttpRequest, status: int, sentence: str, *, next_: str = HOME) -> HttpResponse:
    """A page that says what went wrong, with one button to try again."""
    context = {"sentence": sentence, "start": start_address(next_), "status": status}
    response = render(request, "accounts/login_problem.html", context, status=status)
    if status == 503:
        response["Retry-After"] = "10"
    return response


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def admin_login(request: HttpRequest) -> HttpResponse:
    """`?secret=`: the page behind `manage.py admin_login`. Sets a password, then goes to the back office."""
    secret, context = request.GET.get("secret", ""), dict[str, Any]()
    try:
        context["username"] = logins.redeem_admin_login(secret).username
        if request.method == "POST":
            return _set_password(request, secret)
    except DomainError as error:
        context |= {"errors": error.fields.get("password") or [error.detail], "closed": error.status == 410}
        return render(request, "accounts/admin_login.html", context, status=410 if error.status == 410 else 200)
    return render(request, "accounts/admin_login.html", context)


def _set_password(request: HttpRequest, secret: str) -> HttpResponse:
    password = request.POST.get("password", "")
    if password != request.POST.get("again", ""):
        raise DomainError(_("两次输入的密码不一致"))
    person: User = logins.set_admin_password(secret=secret, password=password)
    logout(request)
    login(request, person, backend=logins.SESSION_BACKEND)
    return HttpResponseRedirect("/admin/")


@person_required
@require_GET
def invitation_qr(request: HttpRequest, code: str) -> HttpResponse:
    """The QR code of an invitation that is still good, drawn when it is looked at.

    For managers of its community, and for who invited their family.
    """
    invitation = Invitation.objects.select_related("community").filter(code=code, used_at__isnull=True).first()
    left = invitation.expires_at - timezone.now() if invitation else timedelta()
    if invitation is None or left <= timedelta():
        raise NotFound
    user = person_of(request)
    if invitation.home_id is None or invitation.created_by_id != user.pk:
        require(standing_of(user), "manage_people", invitation.community)
    seconds = max(60, int(left.total_seconds()))
    return _svg(scene_svg(f"i_{invitation.code}", fallback=invitation_url(invitation), expire_seconds=seconds))


@person_required
@require_GET
def community_qr(request: HttpRequest, slug: str) -> HttpResponse:
    """The community's QR code, to print for the lobby: for its managers."""
    community = require(standing_of(person_of(request)), "manage_people", Community.objects.filter(slug=slug).first())
    return _svg(community_scene(community).svg())


@person_required
@require_GET
def building_qr(request: HttpRequest, pk: int) -> HttpResponse:
    """A building's QR code, to print for its entrance: for the community's managers."""
    building = Building.objects.select_related("community").filter(pk=pk).first()
    require(standing_of(person_of(request)), "manage_people", building.community if building else None)
    assert building is not None  # else it was refused
    return _svg(building_scene(building).svg())


def _svg(picture: bytes) -> HttpResponse:
    return HttpResponse(picture, content_type="image/svg+xml")

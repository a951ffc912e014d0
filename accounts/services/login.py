"""Who a session belongs to: people by their OpenID, managers by a password that they set through a one-time link."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AdminLogin, Community, Membership, Role, User
from accounts.policies import may_enter_admin
from accounts.services.headquarters import must_be_headquarters
from accounts.services.recording import record
from accounts.signals import person_met
from accounts.text import clean_phone
from community_report.core.errors import Conflict, Gone, Invalid, NotFound

#: Sessions are Django's own; this backend reads their person afresh at every request.
SESSION_BACKEND = "accounts.auth.ManagerBackend"
ADMIN_LOGIN_LIFE = timedelta(minutes=30)


def person_for_openid(openid: str) -> User:
    """The person of this OpenID of the official account, made when new; may have been deactivated."""
    person, made = User.objects.get_or_create(openid=openid, defaults={"password": make_password(None)})
    if made:
        person_met.send(sender=User, person=person)
    return person


def person_logging_in(openid: str, *, language: str) -> User:
    """As above; who is new is spoken to as their browser asks, who is known as WeChat or they themselves said."""
    new = {"password": make_password(None), "language": language}
    person, _made = User.objects.get_or_create(openid=openid, defaults=new)
    return person


def speak_as_wechat(person: User, language: str) -> None:
    """WeChat's word (`zh_CN`, `en` …) for who has only followed or written so far; what a page says counts more."""
    if language.startswith("en"):
        User.objects.filter(pk=person.pk, last_login=None).update(language=User.Language.ENGLISH)


def issue_admin_login(*, community: Community, phone: str) -> str:
    """A link, good once and for 30 minutes, by which the active manager with this phone sets an admin password.

    Only the hash of its secret is kept. Raises Invalid (no phone number), NotFound (no such manager).
    """
    try:
        number = clean_phone(phone)
    except ValueError:
        raise Invalid.field("phone", _("请填写正确的手机号码")) from None
    managers = Membership.objects.active().filter(community=community, role__kind=Role.Kind.MANAGER)
    membership = managers.filter(phone=number).select_related("user").order_by("-decided_at").first()
    if membership is None:
        raise NotFound(_("这个手机号不是该小区在任的管理人员"))
    record("admin_link", actor=None, community=community, person=membership.user)
    return _link(membership.user, number)


def issue_headquarters_login(*, actor: User, person: User) -> str:
    """The same for one of headquarters, by another or by themselves; the login name is theirs, else their phone.

    Raises Forbidden, Conflict (not of headquarters, or disabled), Invalid (neither login name nor phone).
    """
    must_be_headquarters(actor)
    if not User.objects.filter(pk=person.pk, is_active=True, is_superuser=True).exists():
        raise Conflict(_("这个账号已停用，或不是总部人员"))
    username = person.username or person.phone
    if not username:
        raise Invalid.field("username", _("这个人没有登录名，也没有手机"))
    record("admin_link", actor=actor, person=person)
    return _link(person, username)


def _link(person: User, username: str) -> str:
    secret = secrets.token_urlsafe(32)
    AdminLogin.objects.create(
        user=person, username=username, digest=_digest(secret), expires_at=timezone.now() + ADMIN_LOGIN_LIFE
    )
    return f"{settings.PUBLIC_BASE_URL}/admin-login?secret={secret}"  # as a parameter: logs name paths


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def redeem_admin_login(secret: str) -> AdminLogin:
    """The link's record while it is good: unused, in time, and its person still a manager. Raises Gone.

    Looking does not use it up: chats fetch links to preview them.
    """
    login = AdminLogin.objects.select_related("user").filter(digest=_digest(secret)).first()
    good = login is not None and login.used_at is None and login.expires_at > timezone.now()
    if login is None or not good or not may_enter_admin(login.user):
        raise Gone(_("这个链接已经失效，请让运维人员重新生成"))
    return login


def set_admin_password(*, secret: str, password: str) -> User:
    """Use the link up: the phone that it was made for becomes the login name; other sessions of the person end.

    Raises Gone, Invalid (`password`), Conflict where somebody else has that login name.
    """
    with transaction.atomic():
        AdminLogin.objects.select_for_update().filter(digest=_digest(secret)).first()
        login = redeem_admin_login(secret)
        person = User.objects.select_for_update(no_key=True).get(pk=login.user_id)
        if User.objects.filter(username=login.username).exclude(pk=person.pk).exists():
            raise Conflict(_("这个手机号已是别人的后台登录名，请联系运维人员"))
        person.username = login.username
        _validate(password, person)
        person.set_password(password)
        person.save(update_fields=["username", "password"])
        AdminLogin.objects.filter(user=person, used_at__isnull=True).update(used_at=timezone.now())
        record("password_set", actor=person)
    return person


def _validate(password: str, person: User) -> None:
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise Invalid(error.messages[0], fields={"password": list(error.messages)}) from None

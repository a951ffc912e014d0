"""The account's callback and the proof that the domain is ours."""

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from community_report.wechat.callback import (
    MAX_BODY_BYTES,
    CallbackRefused,
    Malformed,
    TooLarge,
    open_callback,
    seal,
    success,
    verify_echo,
)

from .models import DomainProof
from .services.inbound import keep_dead_letter, receive

log = structlog.get_logger(__name__)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def callback(request: HttpRequest) -> HttpResponse:
    """`/wechat/callback`: WeChat's check of the address (GET), and what people and WeChat send (POST).

    200 with a reply or `success` only for what is in the database; 403 for what WeChat did not sign, 413 above
    1 MiB, 503 while PostgreSQL is away (WeChat sends it again).
    """
    try:
        if request.method == "GET":
            return HttpResponse(verify_echo(request.GET), content_type="text/plain; charset=utf-8")
        return _receive(request)
    except CallbackRefused as refusal:
        log.warning("callback_refused", reason=refusal.reason)
        return HttpResponse("forbidden", status=403, content_type="text/plain")
    except TooLarge:
        return HttpResponse("too large", status=413, content_type="text/plain")


def _receive(request: HttpRequest) -> HttpResponse:
    body = _body(request)
    try:
        message = open_callback(request.GET, body)
        reply = receive(message)
    except Malformed as problem:
        keep_dead_letter(problem.payload or body, problem.reason)
        reply = success()
    if reply == success():
        return HttpResponse(reply, content_type="text/plain")
    return HttpResponse(seal(reply), content_type="application/xml; charset=utf-8")


def _body(request: HttpRequest) -> bytes:
    """At most the permitted bytes are ever read."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if length and (not (length.isascii() and length.isdigit()) or int(length) > MAX_BODY_BYTES):
        raise TooLarge
    # In chunks there is no length, and Django would read nothing; the server says whether it marks the end itself.
    in_chunks = not length and request.META.get("wsgi.input_terminated")
    stream = request.META["wsgi.input"] if in_chunks else request
    try:
        return stream.read(MAX_BODY_BYTES + 1)
    except OSError:
        raise CallbackRefused("the body broke off") from None


@require_safe
def domain_proof(request: HttpRequest, word: str) -> HttpResponse:
    """`/MP_verify_<word>.txt`, exactly as it stands in the admin."""
    proof = DomainProof.objects.filter(word=word).first()
    if proof is None:
        raise Http404
    return HttpResponse(proof.text, content_type="text/plain; charset=utf-8")

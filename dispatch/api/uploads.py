"""`POST uploads`: a picture or recording from a page that cannot use the JS-SDK, recognised by its content."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from community_report.core import throttle
from community_report.core.errors import Invalid
from dispatch.services.recognising import recognise
from reports.services.uploads import MAX_BYTES, may_upload, store_upload, too_large

#: What multipart adds around the file, generously.
ENVELOPE_BYTES = 64 * 1024
PER_HOUR = 120


class UploadInput(serializers.Serializer):
    file = serializers.FileField()


class UploadOutput(serializers.Serializer):
    upload_id = serializers.UUIDField()


class UploadView(APIView):
    parser_classes = [MultiPartParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Before anything reads the body: the login's CSRF check already would.
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > max(MAX_BYTES.values()) + ENVELOPE_BYTES:
            raise too_large()
        super().initial(request, *args, **kwargs)

    @extend_schema(request={"multipart/form-data": UploadInput}, responses={201: UploadOutput})
    def post(self, request: Request) -> Response:
        actor = request.user
        assert isinstance(actor, User)  # anonymous was refused
        may_upload(actor)
        file = request.FILES.get("file")
        if not isinstance(file, UploadedFile) or not file.size:
            raise Invalid.field("file", _("没有收到文件"))
        kind = recognise(file)
        throttle.check("upload", str(actor.pk), limit=PER_HOUR, seconds=3600)
        upload = store_upload(actor=actor, kind=kind, size=file.size, chunks=file.chunks())
        return Response({"upload_id": str(upload.pk)}, status=201)

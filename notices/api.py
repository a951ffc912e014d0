"""The JSON API of notices: contract section 5."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Community
from accounts.policies import Standing, person_of, standing_of
from community_report.core.api import page
from community_report.core.errors import Invalid, NotBound, NotFound

from . import services
from .models import Notice, NoticeRead
from .pictures import Picture, clean_pictures, pictures_of
from .policies import must_publish


class AudienceIn(serializers.Serializer[Any]):
    roles = serializers.ListField(child=serializers.CharField(max_length=40), default=list, max_length=50)
    buildings = serializers.ListField(child=serializers.CharField(max_length=40), default=list, max_length=500)


class PictureIn(serializers.Serializer[Any]):
    """Exactly one of these."""

    id = serializers.UUIDField(required=False, help_text="one that the notice has already")
    media_id = serializers.CharField(required=False, max_length=200, help_text="WeChat's")
    upload_id = serializers.UUIDField(required=False, help_text="from `POST uploads`")


@extend_schema_field(PictureIn(many=True))
class PicturesField(serializers.Field):
    """In order, all that the notice is to have; a list of `Picture` after validation."""

    def to_internal_value(self, data: Any) -> list[Picture]:
        try:
            return clean_pictures(data)
        except Invalid as error:
            raise serializers.ValidationError(error.detail) from None


class NoticeChanges(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=services.TITLE_MAX)
    body = serializers.CharField(max_length=services.BODY_MAX)
    audience = AudienceIn(required=False)
    pinned = serializers.BooleanField(required=False)
    publish_at = serializers.DateTimeField(allow_null=True, required=False)
    expires_at = serializers.DateTimeField(
        allow_null=True,
        required=False,
        help_text="after its publication; from then on it is not listed",
    )
    by_group_message = serializers.BooleanField(
        required=False, help_text="by one group message of WeChat, which spends one of everybody's four a month"
    )

    pictures = PicturesField(required=False)

    def validate_audience(self, value: dict[str, list[str]]) -> services.Audience:
        return services.Audience(**value)


class WhereIn(serializers.Serializer[Any]):
    community = serializers.SlugField(max_length=40)


class NoticeIn(WhereIn, NoticeChanges):
    hashed_id = serializers.UUIDField(
        required=False, allow_null=True, help_text="made by the client: the same again is the same notice"
    )


def _community(slug: str) -> Community | None:
    return Community.objects.filter(slug=slug).first()


def _on_clock(community: Community | None, form: serializers.Serializer[Any]) -> dict[str, Any]:
    """The form's values; times without an offset are on the community's clock. Raises ValidationError."""
    with timezone.override(community.timezone if community else None):
        form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def notice_shape(notice: Notice) -> dict[str, Any]:
    """Needs `with_read_mark` and prefetched roles and buildings."""
    audience = services.stated_audience(notice)
    return {
        "id": str(notice.pk),
        "title": notice.title,
        "body": notice.body,
        "audience": {"roles": list(audience.roles), "buildings": list(audience.buildings)},
        "pinned": notice.pinned,
        "publish_at": notice.publish_at,
        "published_at": notice.published_at,
        "read": notice.read_,
    }


def _visible(standing: Standing) -> Any:
    return Notice.objects.visible_to(standing).with_read_mark(standing.user).prefetch_related("roles", "buildings")


def _get(standing: Standing, pk: UUID) -> Notice:
    notice = _visible(standing).select_related("community").filter(pk=pk).first()
    if notice is None:
        raise NotFound(_("没有这条公告"))
    return notice


class Notices(APIView):
    @extend_schema(
        operation_id="notices_list",
        parameters=[OpenApiParameter("community", str), OpenApiParameter("over", bool)],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        """Notices addressed to this person, newest first; `community=` narrows to one.

        What is over is not among them; `over=true` lists that instead.
        """
        standing = standing_of(person_of(request))
        if not standing.member_of and not request.user.is_superuser:
            raise NotBound(_("您还没有绑定小区"))
        now, over = timezone.now(), request.query_params.get("over") == "true"
        notices = _visible(standing).over(now) if over else _visible(standing).not_over(now)
        if slug := request.query_params.get("community"):
            notices = notices.filter(community__slug=slug)
        rows, cursor = page(request, notices)
        return Response({"results": [notice_shape(row) for row in rows], "next": cursor})

    @extend_schema(request=NoticeIn, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Publish at once, or at `publish_at`. The same `hashed_id` again gives the same notice."""
        where = WhereIn(data=request.data)
        community = _community(where.validated_data["community"]) if where.is_valid() else None
        values = _on_clock(community, NoticeIn(data=request.data))
        del values["community"]
        standing = standing_of(person_of(request))
        if community is None or (community.pk not in standing.member_of and not request.user.is_superuser):
            raise NotBound(_("您不是这个小区的成员"))
        notice = services.publish_notice(actor=person_of(request), community=community, **values)
        return Response(notice_shape(_get(standing, notice.pk)), status=201)


class NoticeDetail(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, pk: UUID) -> Response:
        """Reading one marks it read."""
        standing = standing_of(person_of(request))
        notice = _get(standing, pk)
        if notice.published_at is not None:
            services.mark_read(actor=person_of(request), notice=notice)
            notice.read_ = True
        return Response(notice_shape(notice))

    @extend_schema(request=NoticeChanges, responses=OpenApiTypes.OBJECT)
    def patch(self, request: Request, pk: UUID) -> Response:
        standing = standing_of(person_of(request))
        changes = _on_clock(_get(standing, pk).community, NoticeChanges(data=request.data, partial=True))
        services.edit_notice(actor=person_of(request), notice_id=pk, changes=changes)
        return Response(notice_shape(_get(standing, pk)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        _get(standing_of(person_of(request)), pk)
        services.withdraw_notice(actor=person_of(request), notice_id=pk)
        return Response(status=204)


class NoticeExtras(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, pk: UUID) -> Response:
        """What the shape of a notice has no place for: `{"expires_at", "pictures": [{"id","kind","status","url",
        "thumbnail_url"}]}`, the pictures in order."""
        notice = _get(standing_of(person_of(request)), pk)
        return Response({"expires_at": notice.expires_at, "pictures": pictures_of(notice)})


class NoticeReminder(APIView):
    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, pk: UUID) -> Response:
        """Remind who has not read it, at most once a day: `{"reminded": n}`, else 409."""
        _get(standing_of(person_of(request)), pk)
        return Response({"reminded": services.remind_unread(actor=person_of(request), notice_id=pk)})


class NoticeReaders(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, pk: UUID) -> Response:
        """Who of the audience has read it, and who has not: counts over all, people a page at a time."""
        notice = _get(standing_of(person_of(request)), pk)
        must_publish(person_of(request), notice.community)
        audience = services.audience_of(notice)
        read = NoticeRead.objects.filter(notice=notice, user__in=audience.values("pk")).count()
        rows, cursor = page(request, audience)
        when = dict(NoticeRead.objects.filter(notice=notice, user__in=rows).values_list("user", "read_at"))
        people = [
            {"user": {"id": str(row.pk), "display_name": row.display_name}, "read_at": when.get(row.pk)} for row in rows
        ]
        return Response({"read": read, "unread": audience.count() - read, "results": people, "next": cursor})

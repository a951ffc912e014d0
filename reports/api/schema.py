"""What the calls answer, for the OpenAPI schema; the answers themselves are made in `shapes`."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer
from rest_framework import serializers

from reports.states import Action, Status

from .media import MediaOutput


class NamedOutput(serializers.Serializer):
    slug = serializers.CharField()
    name = serializers.CharField()


class NamedPersonOutput(serializers.Serializer):
    id = serializers.UUIDField()
    display_name = serializers.CharField()


class ReporterHomeOutput(serializers.Serializer):
    building = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    room = serializers.CharField()


class LocationOutput(serializers.Serializer):
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    name = serializers.CharField(allow_blank=True)


class ReporterOutput(serializers.Serializer):
    display_name = serializers.CharField()
    home = ReporterHomeOutput(allow_null=True)
    phone = serializers.CharField(allow_null=True)


class ActorOutput(serializers.Serializer):
    display_name = serializers.CharField()
    role = serializers.CharField(help_text="a role's slug")


class RatingOutput(serializers.Serializer):
    score = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(allow_blank=True)


class EventOutput(serializers.Serializer):
    """One step; `from` and `to` are both null where the status stayed."""

    kind = serializers.CharField()
    at = serializers.DateTimeField()
    actor = ActorOutput(allow_null=True)
    to = serializers.ChoiceField(choices=Status.choices, allow_null=True)
    note = serializers.CharField(allow_blank=True)
    media = MediaOutput(many=True)

    def get_fields(self) -> dict[str, Any]:
        # A class body cannot say `from`.
        return {**super().get_fields(), "from": serializers.ChoiceField(choices=Status.choices, allow_null=True)}


class _Head(serializers.Serializer):
    id = serializers.UUIDField()
    number = serializers.CharField()
    community = NamedOutput()
    category = NamedOutput()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    following = serializers.BooleanField()
    followers = serializers.IntegerField()
    allowed_actions = serializers.ListField(child=serializers.ChoiceField(choices=Action.choices))


class ReportItemOutput(_Head):
    """A report of a list, as its reader may see it: section 6 without events."""

    tags = NamedOutput(many=True)
    description = serializers.CharField(allow_blank=True)
    address = serializers.CharField(allow_blank=True)
    location = LocationOutput(allow_null=True)
    reporter = ReporterOutput(allow_null=True)
    claimed_by = NamedPersonOutput(allow_null=True)
    claimed_at = serializers.DateTimeField(allow_null=True)
    media = MediaOutput(many=True)
    rating = RatingOutput(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    overdue = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ReportOutput(ReportItemOutput):
    """One report with its timeline, oldest first."""

    events = EventOutput(many=True)


class GlimpseOutput(_Head):
    """A neighbour's private report, for who follows it: the status events alone, without notes and media."""

    building = serializers.CharField(allow_null=True)
    events = EventOutput(many=True)


class SimilarOutput(serializers.Serializer):
    id = serializers.UUIDField()
    number = serializers.CharField()
    category = NamedOutput()
    title = serializers.CharField()
    building = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=Status.choices)


class CategoryOutput(NamedOutput):
    tags = NamedOutput(many=True)
    public = serializers.BooleanField()
    claimable = serializers.BooleanField()


class ReportPage(serializers.Serializer):
    results = ReportItemOutput(many=True)
    next = serializers.CharField(allow_null=True)


class SimilarPage(serializers.Serializer):
    results = SimilarOutput(many=True)
    next = serializers.CharField(allow_null=True)


class SpreadOutput(serializers.Serializer):
    p50 = serializers.FloatField(allow_null=True)
    p90 = serializers.FloatField(allow_null=True)


class StaffFigures(serializers.Serializer):
    user = NamedPersonOutput()
    claimed = serializers.IntegerField()
    resolved = serializers.IntegerField()
    mean_score = serializers.FloatField(allow_null=True)
    ratings = serializers.IntegerField()


class FiguresOutput(serializers.Serializer):
    """See docs/statistics.md."""

    total = serializers.IntegerField()
    by_status = serializers.DictField(child=serializers.IntegerField())
    by_category = serializers.DictField(child=serializers.IntegerField())
    by_building = serializers.DictField(child=serializers.IntegerField())
    by_staff = StaffFigures(many=True)
    claim_minutes = SpreadOutput()
    resolve_minutes = SpreadOutput()
    overdue_share = serializers.FloatField(allow_null=True)
    reopened_share = serializers.FloatField(allow_null=True)
    mean_score = serializers.FloatField(allow_null=True)


class ClaimantOutput(serializers.Serializer):
    display_name = serializers.CharField()


class ErrorOutput(serializers.Serializer):
    """`fields` comes with `invalid`; `claimed_by` and `claimed_at` with `already_claimed`."""

    code = serializers.CharField()
    detail = serializers.CharField()
    claimed_by = ClaimantOutput(required=False)
    claimed_at = serializers.DateTimeField(required=False)

    def get_fields(self) -> dict[str, Any]:
        # `fields` is a serializer's own word.
        sentences = serializers.ListField(child=serializers.CharField())
        return {**super().get_fields(), "fields": serializers.DictField(child=sentences, required=False)}


#: A report in full, or a glimpse of it.
SEEN = PolymorphicProxySerializer(
    component_name="SeenReport", serializers=[ReportOutput, GlimpseOutput], resource_type_field_name=None
)


def answers(success: Any, *refusals: int, status: int = 200) -> dict[int, Any]:
    """The responses of a call: 401 and 429 belong to every one."""
    errors = {code: OpenApiResponse(ErrorOutput) for code in sorted({401, 429, *refusals})}
    return {status: success, **errors}

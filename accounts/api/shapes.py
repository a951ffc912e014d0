"""What the API takes and gives about people and bindings."""

from typing import Any

from rest_framework import serializers

from accounts.models import Membership
from accounts.services.invitations import MAX_HOURS


class BindingInput(serializers.Serializer[Any]):
    # What is empty is for the services to say, in their own words.
    community = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=80, allow_blank=True)
    phone = serializers.CharField(max_length=40, allow_blank=True)
    building = serializers.CharField(max_length=80, allow_blank=True)
    unit = serializers.CharField(max_length=80, allow_blank=True, required=False, default="")
    room = serializers.CharField(max_length=80, allow_blank=True)


class AcceptInput(serializers.Serializer[Any]):
    invite = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=80, allow_blank=True)
    phone = serializers.CharField(max_length=40, allow_blank=True)


class ReasonInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=200)


class OptionalReasonInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=200, allow_blank=True, required=False, default="")


class InvitationInput(serializers.Serializer[Any]):
    community = serializers.CharField(max_length=40)
    role = serializers.CharField(max_length=40)
    expires_hours = serializers.IntegerField(min_value=1, max_value=MAX_HOURS, required=False, default=72)


class PersonChanges(serializers.Serializer[Any]):
    roles = serializers.ListField(child=serializers.CharField(max_length=40), max_length=50, required=False)
    permissions = serializers.ListField(child=serializers.CharField(max_length=40), max_length=20, required=False)


class UserShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    display_name = serializers.CharField()


class HomeShape(serializers.Serializer[Any]):
    building = serializers.CharField()
    unit = serializers.CharField()
    room = serializers.CharField()


class BindingShape(serializers.Serializer[Any]):
    """`community` and `role` are slugs."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(Membership.Status.choices)
    community = serializers.CharField(source="community.slug")
    role = serializers.CharField(source="role.slug")


class ManagedBindingShape(BindingShape):
    """What a manager decides by: what the person stated, and whether the roster made the binding by itself."""

    user = UserShape()
    name = serializers.CharField()
    phone = serializers.CharField()
    home = serializers.SerializerMethodField()
    automatic = serializers.BooleanField()
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()

    def get_home(self, membership: Membership) -> dict[str, str] | None:
        return membership.stated_home or (membership.home.as_dict() if membership.home else None)


class PersonShape(serializers.Serializer[Any]):
    """One membership `with_duty`; `role` is a slug."""

    id = serializers.UUIDField()
    user = UserShape()
    role = serializers.CharField(source="role.slug")
    status = serializers.ChoiceField(Membership.Status.choices)
    on_duty = serializers.BooleanField(source="on_duty_", help_text="by the person's switch and by the rota")


class InvitationShape(serializers.Serializer[Any]):
    code = serializers.CharField()
    url = serializers.URLField()
    qr_url = serializers.URLField()
    expires_at = serializers.DateTimeField()


class BindingList(serializers.Serializer[Any]):
    results = ManagedBindingShape(many=True)
    next = serializers.CharField(allow_null=True)


class PersonList(serializers.Serializer[Any]):
    results = PersonShape(many=True)
    next = serializers.CharField(allow_null=True)

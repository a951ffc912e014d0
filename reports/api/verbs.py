"""`POST reports/<id>/<verb>`: each hands its words to one service and answers with the report as it then is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.policies import person_of
from reports.models import Report
from reports.policies import Viewer
from reports.services import transitions
from reports.services.board import write_about_post
from reports.services.notes import write_note
from reports.states import Action

from .fields import NIL, IdField, ScoreField, TextField
from .media import MediaField
from .schema import SEEN, answers
from .shapes import report_shape

# What is missing is for the services to say, after they have asked who may do it at all.


class NothingInput(serializers.Serializer):
    pass


class ReportReasonInput(serializers.Serializer):
    reason = TextField()


class NoteInput(serializers.Serializer):
    note = TextField()
    media = MediaField()


class AssignInput(serializers.Serializer):
    user = IdField(source="user_id", default=NIL, help_text="a staff member's id")


class RecategorizeInput(serializers.Serializer):
    category = TextField(max_length=40, help_text="a slug")
    reason = TextField()


class MergeInput(serializers.Serializer):
    into = IdField(source="into_id", default=NIL, help_text="the report that stays")


class TalkInput(serializers.Serializer):
    note = TextField(max_length=500)
    to = IdField(default=None, allow_null=True, help_text="for the post's author: the neighbour who is answered")


class InternalNoteInput(serializers.Serializer):
    note = TextField()


class ScoreInput(serializers.Serializer):
    score = ScoreField(default=None, allow_null=True)
    comment = TextField()


class ReopenInput(serializers.Serializer):
    reason = TextField()
    media = MediaField()


@dataclass(frozen=True)
class Verb:
    """One call: which service it is, what it takes (named as the service's arguments), and who calls it."""

    action: Action
    service: Callable[..., Report]
    takes: type[serializers.Serializer]
    who: str


VERBS = (
    Verb(Action.CLAIM, transitions.claim_report, NothingInput, "Staff: lock it for oneself."),
    Verb(
        Action.IGNORE, transitions.ignore_report, ReportReasonInput, "Staff: not shown or pushed to oneself any more."
    ),
    Verb(Action.RELEASE, transitions.release_report, ReportReasonInput, "Claimant: give it back, with a reason."),
    Verb(Action.PROGRESS, transitions.add_progress, NoteInput, "Claimant: how it is going."),
    Verb(Action.RESOLVE, transitions.resolve_report, NoteInput, "Claimant: the result."),
    Verb(Action.ASSIGN, transitions.assign_report, AssignInput, "Manager: give it to a staff member."),
    Verb(Action.DISMISS, transitions.dismiss_report, ReportReasonInput, "Manager: unreasonable, with a reason."),
    Verb(Action.RECATEGORIZE, transitions.recategorize_report, RecategorizeInput, "Manager: another category."),
    Verb(Action.MERGE, transitions.merge_report, MergeInput, "Manager: a duplicate of another open report."),
    Verb(Action.RESTORE, transitions.restore_report, ReportReasonInput, "Manager: take a dismissal back."),
    Verb(Action.CONFIRM, transitions.confirm_report, ScoreInput, "Reporter: accept the result, with a score."),
    Verb(Action.REOPEN, transitions.reopen_report, ReopenInput, "Reporter: not solved."),
    Verb(Action.WITHDRAW, transitions.withdraw_report, ReportReasonInput, "Reporter: take it back."),
    Verb(Action.URGE, transitions.urge_report, NothingInput, "Reporter: ask to hurry, at most every half hour."),
    Verb(Action.COMMENT, transitions.comment_report, NoteInput, "Reporter: add something."),
    Verb(Action.RATE, transitions.rate_report, ScoreInput, "Reporter: a score after an automatic close."),
    Verb(Action.FOLLOW, transitions.follow_report, NothingInput, "Resident of the community: be told of its progress."),
    Verb(Action.UNFOLLOW, transitions.unfollow_report, NothingInput, "Who follows it: stop being told."),
)


#: What a page without scripts sends to, by the name of its form.
SERVICES = {verb.action.value: (verb.takes, verb.service) for verb in VERBS} | {"talk": (TalkInput, write_about_post)}


def perform(name: str, words: Any, *, actor: User, report_id: UUID) -> Report:
    """Hand a request's words to the service of that name; raises what it does, and DRF's ValidationError."""
    takes, service = SERVICES[name]
    checked = takes(data=words)
    checked.is_valid(raise_exception=True)
    return service(actor=actor, report_id=report_id, **checked.validated_data)


class VerbView(APIView):
    verb: ClassVar[Verb]

    def post(self, request: Request, pk: UUID) -> Response:
        report = perform(self.verb.action.value, request.data, actor=person_of(request), report_id=pk)
        return Response(report_shape(report, Viewer.of(person_of(request)), events=True))


def view_of(verb: Verb) -> type[VerbView]:
    """The view of one verb, described for the schema."""
    name = verb.action.value
    described = extend_schema(
        operation_id=f"report_{name}",
        summary=verb.who,
        request=None if verb.takes is NothingInput else verb.takes,
        responses=answers(SEEN, 400, 403, 404, 409),
    )
    made = type(f"{name.capitalize()}View", (VerbView,), {"verb": verb, "__doc__": verb.who})
    return extend_schema_view(post=described)(made)


class TalkView(APIView):
    """Beyond the table: no transition, and no part of `allowed_actions`."""

    @extend_schema(
        operation_id="report_talk",
        summary="Resident, on a board post: write to its author; the author: answer a neighbour.",
        request=TalkInput,
        responses=answers(SEEN, 400, 403, 404, 409, 429),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        report = perform("talk", request.data, actor=person_of(request), report_id=pk)
        return Response(report_shape(report, Viewer.of(person_of(request)), events=True))


class InternalNoteView(APIView):
    """Beyond the table as well. Notes stand on the page of who may read them, and in no answer of the API."""

    @extend_schema(
        operation_id="report_note",
        summary="Staff and managers of the report: a note among themselves, which no resident ever sees.",
        request=InternalNoteInput,
        responses=answers(SEEN, 400, 403, 404),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        words = InternalNoteInput(data=request.data)
        words.is_valid(raise_exception=True)
        report = write_note(actor=person_of(request), report_id=pk, **words.validated_data)
        return Response(report_shape(report, Viewer.of(person_of(request)), events=True))


VIEWS: dict[str, type[Any]] = {verb.action.value: view_of(verb) for verb in VERBS}

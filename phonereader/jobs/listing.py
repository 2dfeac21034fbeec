"""The list of jobs, for staff: newest first, filtered, in pages by cursor. It never counts them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from phonereader.jobs.documents import JobSerializer
from phonereader.jobs.models import Job
from phonereader.jobs.states import Kind, State


class WantedSerializer(serializers.Serializer[dict[str, Any]]):
    """Which jobs to list; all of them unless something is given."""

    state = serializers.MultipleChoiceField(
        choices=State.choices, required=False, help_text="May be repeated"
    )
    kind = serializers.MultipleChoiceField(choices=Kind.choices, required=False, help_text="May be repeated")
    created_after = serializers.DateTimeField(required=False, help_text="At this moment, or later")
    created_before = serializers.DateTimeField(required=False, help_text="Earlier than this moment")


class NewestFirst(CursorPagination):
    """Ids are UUIDv7: they sort by time, and unlike moments no two are the same."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = "-id"

    def decode_cursor(self, request: Request) -> Cursor | None:
        cursor = super().decode_cursor(request)
        try:
            if cursor is not None and cursor.position is not None:
                UUID(str(cursor.position))
        except ValueError:
            raise NotFound(self.invalid_cursor_message) from None
        return cursor


class JobsView(generics.ListAPIView[Job]):
    """The jobs of everybody."""

    serializer_class = JobSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[Job]:
        wanted = WantedSerializer(data=self.request.query_params)
        wanted.is_valid(raise_exception=True)
        return select(**wanted.validated_data)

    @extend_schema(
        operation_id="jobs",
        summary="List jobs, newest first",
        description="For staff. Follow `next` for older ones. Deleted ones are left out.",
        parameters=[WantedSerializer],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


def select(
    state: set[str] | None = None,
    kind: set[str] | None = None,
    created_after: Any = None,
    created_before: Any = None,
) -> QuerySet[Job]:
    """Jobs by their states, kinds and the moments between which they were created."""
    jobs = Job.objects.filter(forgotten_at=None)
    if state:
        jobs = jobs.filter(state__in=state)
    if kind:
        jobs = jobs.filter(kind=next(iter(kind))) if len(kind) == 1 else jobs.filter(kind__in=kind)
    # Compared with the microsecond before: SQLite compares moments as text and writes those of its own clock
    # without trailing zeros, so that none of them equals the moment that a client has read.
    if created_after:
        jobs = jobs.filter(created_at__gt=created_after - timedelta(microseconds=1))
    if created_before:
        jobs = jobs.filter(created_at__lte=created_before - timedelta(microseconds=1))
    return jobs

"""A job as clients see it."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from phonereader.jobs import turns
from phonereader.jobs.models import Job
from phonereader.jobs.states import Kind, State


class ErrorSerializer(serializers.Serializer[dict[str, Any]]):
    kind = serializers.ChoiceField(["expected", "internal"], help_text="Bad data, or a bug or dead worker")
    code = serializers.CharField()
    detail = serializers.CharField()


class LinksSerializer(serializers.Serializer[dict[str, Any]]):
    self = serializers.CharField()
    events = serializers.CharField()
    cancel = serializers.CharField()


class QueueSerializer(serializers.Serializer[Job]):
    position = serializers.IntegerField(help_text="From 1; 1000 is told to all behind, too")
    expected_seconds = serializers.FloatField(help_text="Until it has ended, about, by how it went lately")

    def get_attribute(self, instance: Job) -> dict[str, Any]:
        assert self.parent is not None
        place = turns.place(instance) if self.parent.parent is None else None
        if place is None:
            raise serializers.SkipField
        return place


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job: its state, and when it has succeeded its result."""

    kind = serializers.ChoiceField(Kind.choices)
    state = serializers.ChoiceField(State.choices)
    error = ErrorSerializer(allow_null=True)
    result = serializers.JSONField(allow_null=True, help_text="Null until the job has succeeded")
    queue = QueueSerializer(required=False, help_text="While it waits and a worker listens; not in lists")
    links = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "state",
            "progress",
            "attempt",
            "created_at",
            "started_at",
            "finished_at",
            "error",
            "result",
            "queue",
            "links",
        ]
        read_only_fields = fields

    @extend_schema_field(LinksSerializer)
    def get_links(self, job: Job) -> dict[str, str]:
        return {name: reverse(f"job-{name}", args=[job.id]) for name in ("self", "events", "cancel")}


class AcceptedJobSerializer(JobSerializer):
    """The answer to a submission: the job, and the key that lets its holder cancel, correct and delete."""

    key = serializers.CharField(read_only=True)
    queue = None  # type: ignore[assignment] # many submit at once, and whoever follows the job is told

    class Meta(JobSerializer.Meta):
        fields = [*(name for name in JobSerializer.Meta.fields if name != "queue"), "key"]
        read_only_fields = fields

"""The API of learning, for staff: start a training run, list model versions, put one into service."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from phonereader.jobs.api import caller_of
from phonereader.jobs.callbacks.api import callback_of
from phonereader.jobs.documents import JobSerializer
from phonereader.problems import Problem
from recognition.models import Activation, ModelVersion
from recognition.registry import active
from training import runs, serving
from training.models import Judgement, TrainingRun
from training.recipes import RECIPES


def staff(request: Request) -> User:
    """Who asks; the default permission lets none but staff in."""
    assert isinstance(request.user, User)
    return request.user


class WantedSerializer(serializers.Serializer[dict[str, Any]]):
    """Settings of a training run; what is left out follows the recipe."""

    architecture = serializers.ChoiceField(list(RECIPES), required=False)
    start = serializers.ChoiceField(TrainingRun.Start.values, required=False)
    epochs = serializers.IntegerField(min_value=1, max_value=runs.LONGEST, required=False)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    callback_url = serializers.CharField(
        required=False, allow_blank=True, help_text="As for recognitions; with a token"
    )


class TrainingsView(APIView):
    """Where training runs are started."""

    @extend_schema(
        operation_id="train",
        summary="Start a training run",
        description="For staff. It always trains; one at a time, a second waits in the queue.",
        request=WantedSerializer,
        responses={202: JobSerializer},
    )
    def post(self, request: Request) -> Response:
        wanted = WantedSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        chosen = {name: value for name, value in wanted.validated_data.items() if name != "callback_url"}
        callback = callback_of(request, wanted.validated_data)
        try:
            job = runs.start(runs.Wanted(**chosen), "api", staff(request), caller_of(request), callback)
        except runs.BadRun as error:
            raise Problem(400, str(error), [{"field": error.field, "detail": str(error)}]) from None
        document = JobSerializer(job).data
        return Response(document, 202, headers={"Location": document["links"]["self"], "Retry-After": "5"})


class GateSerializer(serializers.ModelSerializer[Judgement]):
    class Meta:
        model = Judgement
        fields = ["passed", "sentence", "at"]


class ModelSerializer(serializers.ModelSerializer[ModelVersion]):
    """A model version, without its weights."""

    active = serializers.SerializerMethodField()
    gate = serializers.SerializerMethodField()

    class Meta:
        model = ModelVersion
        fields = [
            "version",
            "architecture",
            "active",
            "gate",
            "metrics",
            "parent",
            "origin",
            "sha256",
            "created_at",
        ]

    def get_active(self, version: ModelVersion) -> bool:
        return bool(version.pk == self.context["active"])

    @extend_schema_field(GateSerializer(allow_null=True))
    def get_gate(self, version: ModelVersion) -> dict[str, Any] | None:
        found = next(iter(version.judgements.all()), None)  # newest first
        return None if found is None else dict(GateSerializer(found).data)


class NewestFirst(CursorPagination):
    page_size = 100
    ordering = "-version"


class ModelsView(generics.ListAPIView[ModelVersion]):
    """The registry."""

    serializer_class = ModelSerializer
    pagination_class = NewestFirst
    queryset = ModelVersion.objects.defer("weights").prefetch_related(
        Prefetch("judgements", Judgement.objects.defer("report"))
    )

    def get_serializer_context(self) -> dict[str, Any]:
        serving_now = active()
        return {**super().get_serializer_context(), "active": serving_now and serving_now.pk}

    @extend_schema(operation_id="models", summary="Model versions, newest first")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class ActivateSerializer(serializers.Serializer[dict[str, Any]]):
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=400)
    force = serializers.BooleanField(required=False, default=False)


class ActivationSerializer(serializers.ModelSerializer[Activation]):
    class Meta:
        model = Activation
        fields = ["model", "previous", "at", "by", "reason"]


class ActivateView(APIView):
    """Puts a version into service."""

    @extend_schema(
        operation_id="activate",
        summary="Put a model version into service",
        description="For staff. Workers change to it within two seconds, between two jobs.",
        request=ActivateSerializer,
        responses={
            200: ActivationSerializer,
            409: OpenApiResponse(OpenApiTypes.OBJECT, "the gate refused it, and force is not set"),
        },
    )
    def post(self, request: Request, version: int) -> Response:
        model = get_object_or_404(ModelVersion.objects.defer("weights"), version=version)
        wanted = ActivateSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        try:
            done = serving.activate(model, staff(request), **wanted.validated_data)
        except serving.Refused as error:
            raise Problem(409, str(error)) from None
        return Response(ActivationSerializer(done).data)

"""The API of callbacks: where to, and the secret that they are signed with."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authtoken.models import Token
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from phonereader.jobs.callbacks import address, secrets
from phonereader.problems import Problem


def callback_of(request: Request, fields: Mapping[str, Any] | QueryDict) -> str:
    """The address that the end of the job is to be told to, or an empty string; raises ``Problem``."""
    url = fields.get("callback_url")
    if url is None or url == "":
        return ""
    try:
        if not isinstance(url, str):
            raise address.BadAddress("callback_url must be a string.")
        if not isinstance(request.auth, Token):
            raise _problem(403, "Only who submits with a token (Authorization: Token ...) is called back.")
        address.check(url)
    except address.BadAddress as error:
        raise _problem(400, str(error)) from None
    return url


def _problem(status: int, detail: str) -> Problem:
    return Problem(status, detail, [{"field": "callback_url", "detail": detail}])


class SecretSerializer(serializers.Serializer[Any]):
    secret = serializers.CharField(help_text="whsec_ and base64: what libraries of Standard Webhooks take")
    changed_at = serializers.DateTimeField()


class SecretView(APIView):
    """The secret of who asks."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="webhook_secret",
        summary="The secret that your callbacks are signed with",
        responses=SecretSerializer,
    )
    def get(self, request: Request) -> Response:
        return self.answer(secrets.secret_of(self.user))

    @extend_schema(
        operation_id="rotate_webhook_secret",
        summary="Change the secret",
        description="For a day callbacks carry a signature of the new secret and one of the old.",
        request=None,
        responses=SecretSerializer,
    )
    def post(self, request: Request) -> Response:
        return self.answer(secrets.rotate(self.user))

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    @staticmethod
    def answer(secret: Any) -> Response:
        return Response(SecretSerializer(secret).data, headers={"Cache-Control": "no-store"})

"""Errors of the API as RFC 9457 problems: ``application/problem+json``."""

import json
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

CONTENT_TYPE = "application/problem+json"


class Problem(exceptions.APIException):
    """A request that is refused, with a sentence for people and places for programs.

    ``errors`` holds ``{"box": 3, "detail": …}`` or ``{"field": "region", "detail": …}``.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status_code = status
        self.errors = errors or []
        self.headers = headers or {}


def document(status: int, detail: str, errors: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": errors or [],
    }


def as_problem(error: Exception) -> Problem | None:
    """The problem that an exception stands for; None for a bug."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Http404):
        return Problem(404, "There is nothing here.")
    if isinstance(error, PermissionDenied):
        return Problem(403, str(error) or "You may not do this.")
    if isinstance(error, RequestDataTooBig):
        return Problem(413, "The request is too large.")
    if isinstance(error, SuspiciousOperation):
        return Problem(400, "The request makes no sense.")
    if isinstance(error, OperationalError | InterfaceError):
        return Problem(503, "The database does not answer; nothing was stored.", headers={"Retry-After": "5"})
    if not isinstance(error, exceptions.APIException):
        return None
    headers = {}
    if auth_header := getattr(error, "auth_header", None):  # set by REST framework's views
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    if isinstance(error, exceptions.ValidationError) and isinstance(error.detail, dict):
        errors = [
            {"field": field, "detail": " ".join(map(str, details))} for field, details in error.detail.items()
        ]
        return Problem(400, "The request has errors.", errors)
    detail = error.detail if isinstance(error.detail, str) else "The request has errors."
    sentence = detail if detail.endswith((".", "!", "?")) else f"{detail}."
    return Problem(error.status_code, sentence, headers=headers)


def exception_handler(error: Exception, _context: dict[str, Any]) -> Response | None:
    """REST framework's hook."""
    problem = as_problem(error)
    if problem is None:
        return None
    set_rollback()
    body = document(problem.status_code, str(problem.detail), problem.errors)
    return Response(body, problem.status_code, headers=problem.headers, content_type=CONTENT_TYPE)


def respond(status: int, detail: str) -> HttpResponse:
    return HttpResponse(json.dumps(document(status, detail)), status=status, content_type=CONTENT_TYPE)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return respond(404, "There is nothing at this address.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return respond(500, "The program failed; nothing of this request was stored.")
    return defaults.server_error(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return respond(400, "The request makes no sense.")
    return defaults.bad_request(request, exception)

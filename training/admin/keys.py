"""Reviewing with the keyboard: the page that shows one digit at a time, and what its script asks for."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from phonereader import problems
from recognition import pictures
from recognition.admin import doubts
from recognition.doubts import claim_of, claims
from recognition.models import Box, Reading
from training import review
from training.models import LABELS, NO_DIGIT, Review, Sample

BIG, SMALL, GLYPH = 320, 48, 84
"""Pixels of a side: the digit in question, those around it, what the network saw."""
HOLDABLE = 20
LARGEST = 2**63 - 1

Answer = Callable[[User, dict[str, Any]], JsonResponse]


def urls(site: AdminSite) -> list[URLPattern]:
    return [
        path("one-by-one/", site.admin_view(page), name="training_review"),
        path("one-by-one/next/", next_, name="training_review_next"),
        path("one-by-one/label/", label, name="training_review_label"),
        path("one-by-one/undo/", undo, name="training_review_undo"),
        path("one-by-one/hold/", hold, name="training_review_hold"),
        path("one-by-one/release/", release, name="training_review_release"),
    ]


def may_review(request: HttpRequest) -> bool:
    return request.user.is_staff and request.user.has_perm("training.add_label")


def user_of(request: HttpRequest) -> User:
    """The reviewer; anybody else is refused."""
    if not may_review(request) or not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def page(request: HttpRequest) -> HttpResponse:
    user_of(request)
    context = {
        **admin.site.each_context(request),
        "title": "Review",
        "opts": Review._meta,
        "digits": LABELS[:-1],
        "addresses": {
            name: reverse(f"admin:training_review_{name}")
            for name in ("next", "label", "undo", "hold", "release")
        }
        | {"login": reverse("admin:login")},
    }
    return TemplateResponse(request, "training/review.html", context)


# --- What the script asks for ---------------------------------------------------------------------


class BadRequest(ValueError):
    """A field that is missing or none; the message says which."""


def answers(act: Answer) -> Callable[[HttpRequest], HttpResponse]:
    """JSON in, JSON out; whoever is signed out, or may not review, is told so in JSON as well."""

    @wraps(act)
    def view(request: HttpRequest) -> HttpResponse:
        if not isinstance(request.user, User) or not request.user.is_staff:
            return problems.respond(401, "Your session has ended.")
        if not may_review(request):
            return problems.respond(403, "You may not give labels.")
        if request.method != "POST":
            return problems.respond(405, "This answers to POST only.")
        try:
            fields = json.loads(request.body or b"{}")
            if not isinstance(fields, dict):
                raise BadRequest("The body must be a JSON object.")
            return act(request.user, fields)
        except (BadRequest, json.JSONDecodeError, UnicodeDecodeError) as error:
            return problems.respond(400, str(error))
        except review.Taken as error:
            return problems.respond(409, str(error))
        except review.Gone as error:
            return problems.respond(410, str(error))

    return view


@answers
def next_(user: User, fields: dict[str, Any]) -> JsonResponse:
    """The next box; ``start`` gives back what an earlier page held, ``hold`` names what this one holds."""
    if fields.get("start"):
        review.release(user)
    review.renew(user, _boxes(fields))
    box = review.next_box(user)
    return JsonResponse({"item": box and document(box), "progress": standing(user)})


@answers
def label(user: User, fields: dict[str, Any]) -> JsonResponse:
    text, was = fields.get("text"), fields.get("was")
    if not isinstance(text, str) or text not in LABELS:
        raise BadRequest(f"text must be a digit or {NO_DIGIT}.")
    given = review.label(user, _id(fields.get("box")), text, None if was is None else _id(was))
    return JsonResponse({"label": {"id": given.pk, "text": given.text}, "progress": standing(user)})


@answers
def undo(user: User, _fields: dict[str, Any]) -> JsonResponse:
    """The box whose label was taken back, and what that was; null when there is nothing to undo."""
    done = review.undo(user)
    return JsonResponse({
        "item": done and document(done[1]),
        "text": done and done[0].text,
        "progress": standing(user),
    })  # fmt: skip


@answers
def hold(user: User, fields: dict[str, Any]) -> JsonResponse:
    review.renew(user, _boxes(fields))
    return JsonResponse({})


@answers
def release(user: User, fields: dict[str, Any]) -> JsonResponse:
    """The page is left: others may have what it held."""
    for box in _boxes(fields):
        review.release(user, box)
    return JsonResponse({})


def _id(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LARGEST:
        raise BadRequest("box and was must be ids.")
    return value


def _boxes(fields: dict[str, Any]) -> list[int]:
    named = fields.get("hold", [])
    if not isinstance(named, list) or len(named) > HOLDABLE:
        raise BadRequest(f"hold must be a list of at most {HOLDABLE} ids.")
    return [_id(box) for box in named]


# --- Documents ------------------------------------------------------------------------------------


def standing(user: User) -> dict[str, Any]:
    found = review.progress(user)
    return {
        "left": found.left,
        "more": found.left >= review.COUNTED,
        "seconds_each": found.seconds_each,
    }


def document(box: Box) -> dict[str, Any]:
    """A box as the page shows it, with the whole number around it. Pictures are HTML."""
    submission = box.submission
    served = Reading.objects.filter(model=submission.model_id)
    rows = Box.objects.filter(submission=submission).order_by("position").select_related("sample")
    rows = rows.defer("sample__strokes", "sample__picture", "sample__glyph")
    boxes = list(rows.prefetch_related(Prefetch("readings", served)))
    said = claims(submission.pk)
    found = {each.pk: next(iter(each.readings.all()), None) for each in boxes}
    reading, claim = found.get(box.pk), claim_of(said, box.position)
    sample = next((_sample(each) for each in boxes if each.pk == box.pk), None)
    newest = sample.labels.first() if sample else None
    return {
        "box": box.pk,
        "position": box.position,
        "count": len(boxes),
        "picture": pictures.of_box(box, BIG),
        "glyph": pictures.of_glyph(reading.glyph if reading else None, GLYPH),
        "reading": _reading(reading),
        "others": [
            {"digit": other["digit"], "percent": round(other["percent"], 1)}
            for other in (doubts(reading) if reading else [])
        ],
        "claim": claim,
        "confirms": _confirms(reading, claim),
        "label": {"id": newest.pk, "text": newest.text, "by": newest.by} if newest else None,
        "submission": reverse("admin:recognition_submission_change", args=[submission.pk]),
        "model": submission.model_id,
        "number": [
            {
                "box": each.pk,
                "current": each.pk == box.pk,
                "picture": pictures.of_box(each, SMALL),
                "reading": _reading(found[each.pk]),
                "label": getattr(_sample(each), "digit", ""),
            }
            for each in boxes
        ],
    }


def _sample(box: Box) -> Sample | None:
    return getattr(box, "sample", None)


def _reading(reading: Reading | None) -> dict[str, Any] | None:
    if reading is None:
        return None
    percent = None if reading.confidence is None else round(100 * reading.confidence, 1)
    return {"state": reading.state, "digit": reading.digit, "percent": percent}


def _confirms(reading: Reading | None, claim: str) -> dict[str, str] | None:
    """What Enter says: the claim where there is one, else the digit that was read."""
    if claim in LABELS:
        return {"text": claim, "what": "claim"}
    if reading is not None and reading.state == Reading.State.READ:
        return {"text": reading.digit, "what": "reading"}
    return None

"""The second look at labels that the active model surely disagrees with: kept, or given anew."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from recognition import pictures
from recognition.registry import active
from training import suspects
from training.admin import keys
from training.models import LABELS, Sample
from training.review import Taken

SHOWN = 60
SIDE = 112


def urls(site: AdminSite) -> list[URLPattern]:
    return [
        path("second-look/", site.admin_view(page), name="training_second_look"),
        path("<int:sample_id>/settle/", site.admin_view(settle), name="training_settle"),
    ]


def page(request: HttpRequest) -> HttpResponse:
    keys.user_of(request)
    found = suspects.suspects()
    shown = found[:SHOWN]
    drawn = Sample.objects.in_bulk([suspect.sample.pk for suspect in shown])
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Second look",
        "opts": Sample._meta,
        "active": active(),
        "more": len(found) - len(shown),
        "labels": LABELS,
        "suspects": [
            {
                "id": suspect.sample.pk,
                "picture": pictures.of_ink(ink.strokes, ink.picture, SIDE),
                "label": suspect.sample.digit,
                "answer": suspect.answer,
                "percent": 100 * suspect.confidence,
                "by": getattr(suspect.sample, "by", ""),
                "split": suspect.sample.split,
            }
            for suspect in shown
            if (ink := drawn.get(suspect.sample.pk)) is not None
        ],
    }
    return TemplateResponse(request, "training/second_look.html", context)


def settle(request: HttpRequest, sample_id: int) -> HttpResponse:
    user = keys.user_of(request)
    if request.method != "POST":
        raise PermissionDenied
    text, was = request.POST.get("text", ""), request.POST.get("was", "")
    try:
        suspects.settle(user, sample_id, text, was)
        what = "kept" if text == was else f"labelled {text}"
        messages.success(request, f"Sample {sample_id}: {what}.")
    except Sample.DoesNotExist:
        messages.warning(request, "This sample is gone.")
    except (Taken, ValueError) as error:
        messages.warning(request, str(error))
    return HttpResponseRedirect(reverse("admin:training_second_look"))

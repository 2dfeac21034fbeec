"""The registry of model versions in the admin: judged, put into service, rolled back, taken out and in."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from recognition import registry
from recognition.admin import ModelVersionAdmin
from recognition.models import ModelVersion
from recognition.reader.header import MAX_BYTES, BadWeights
from training import serving
from training.admin.judged import sets_of

admin.site.unregister(ModelVersion)


class ActivateForm(forms.Form):
    reason = forms.CharField(max_length=400, required=False)
    force = forms.BooleanField(required=False, label="although the gate refused it")


class UploadForm(forms.Form):
    file = forms.FileField(
        help_text="A safetensors file, as `manage.py train` writes it or this page gives out."
    )


@admin.register(ModelVersion)
class RegistryAdmin(ModelVersionAdmin):
    list_display = ["version", "architecture", "in_service", "gate", "origin", "parent", "created_at"]
    change_list_template = "training/versions.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        return super().get_queryset(request).prefetch_related("judgements")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("upload/", wrap(self.upload_view), name="model_upload"),
            path("roll-back/", wrap(self.roll_back_view), name="model_roll_back"),
            path("<int:version>/activate/", wrap(self.activate_view), name="model_activate"),
            path("<int:version>/download/", wrap(self.download_view), name="model_download"),
            *super().get_urls(),
        ]

    @admin.display(description="gate")
    def gate(self, version: ModelVersion) -> SafeString | str:
        found = next(iter(version.judgements.all()), None)
        if found is None:
            return "—"
        word = "passed" if found.passed else "refused"
        return format_html('<span class="gate {}" title="{}">{}</span>', word, found.sentence, word)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        version = get_object_or_404(ModelVersion.objects.defer("weights"), pk=object_id)
        judgement = serving.judgement(version)
        context = {
            **self.admin_site.each_context(request),
            "title": str(version),
            "opts": self.opts,
            "version": version,
            "active": version == registry.active(),
            "judgement": judgement,
            "sets": sets_of(judgement, request.GET),
            "form": ActivateForm(),
            "activations": version.activations.select_related("previous").defer("previous__weights"),
            "may_activate": may_activate(request),
        }
        return TemplateResponse(request, "training/version.html", context)

    # --- Into service -------------------------------------------------------------------------------

    def activate_view(self, request: HttpRequest, version: int) -> HttpResponse:
        user = operator(request)
        model = get_object_or_404(ModelVersion.objects.defer("weights"), pk=version)
        form = ActivateForm(request.POST)
        form.is_valid()
        try:
            serving.activate(model, user, form.cleaned_data["reason"], form.cleaned_data["force"])
            messages.success(request, f"Version {version} is in service.")
        except serving.Refused as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(address_of(version))

    def roll_back_view(self, request: HttpRequest) -> HttpResponse:
        try:
            done = serving.roll_back(operator(request))
            messages.success(request, f"Version {done.model_id} is in service again.")
        except serving.NothingBefore as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:recognition_modelversion_changelist"))

    # --- Out and in ---------------------------------------------------------------------------------

    def download_view(self, request: HttpRequest, version: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            weights = registry.weights_of(version)
        except registry.BadVersion as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(reverse("admin:recognition_modelversion_changelist"))
        name = f"phonereader-{version}.safetensors"
        return HttpResponse(
            weights,
            content_type="application/octet-stream",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("recognition.add_modelversion"):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                if file.size > MAX_BYTES:
                    raise BadWeights("The file is larger than any network of this project.")
                origin = f"uploaded by {request.user}: {file.name}"[:200]
                version = registry.upload(file.read(), origin)
            except (BadWeights, registry.BadVersion) as error:
                form.add_error("file", str(error))
            else:
                messages.success(request, f"It is version {version.pk}.")
                return HttpResponseRedirect(
                    reverse("admin:recognition_modelversion_change", args=[version.pk])
                )
        context = {
            **self.admin_site.each_context(request),
            "title": "Upload a version",
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "training/upload.html", context)


def address_of(version: int) -> str:
    return reverse("admin:recognition_modelversion_change", args=[version])


def may_activate(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("recognition.add_activation"))


def operator(request: HttpRequest) -> User:
    """Who acts; only by POST, and only who may activate."""
    if request.method != "POST" or not may_activate(request) or not isinstance(request.user, User):
        raise PermissionDenied
    return request.user

from django.contrib import admin
from django.templatetags.static import static
from django.urls import path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from phonereader import health, metrics
from phonereader.jobs.api import CancelView, JobView, RetryView
from phonereader.jobs.callbacks.api import SecretView
from phonereader.jobs.events import EventsView
from phonereader.jobs.listing import JobsView
from recognition.api import (
    CorrectionView,
    RecognitionsView,
    RecognitionView,
    TutorialView,
    any_origin,
)
from recognition.page import page
from training.api import ActivateView, ModelsView, TrainingsView

handler400 = "phonereader.problems.bad_request"
handler404 = "phonereader.problems.not_found"
handler500 = "phonereader.problems.server_error"

urlpatterns = [
    path("", page, name="page"),
    path("api/v1/recognitions/", RecognitionsView.as_view(), name="recognitions"),
    path("api/v1/recognitions/<uuid:job_id>/", RecognitionView.as_view(), name="recognition"),
    path("api/v1/recognitions/<uuid:job_id>/correction/", CorrectionView.as_view(), name="correction"),
    path("api/v1/jobs/", JobsView.as_view(), name="jobs"),
    path("api/v1/jobs/<uuid:job_id>/", JobView.as_view(), name="job-self"),
    path("api/v1/jobs/<uuid:job_id>/events/", EventsView.as_view(), name="job-events"),
    path("api/v1/jobs/<uuid:job_id>/cancel/", CancelView.as_view(), name="job-cancel"),
    path("api/v1/jobs/<uuid:job_id>/retry/", RetryView.as_view(), name="job-retry"),
    path("api/v1/trainings/", TrainingsView.as_view(), name="trainings"),
    path("api/v1/webhook-secret/", SecretView.as_view(), name="webhook-secret"),
    path("api/v1/models/", ModelsView.as_view(), name="models"),
    path("api/v1/models/<int:version>/activate/", ActivateView.as_view(), name="activate"),
    path("api/recognize", any_origin(TutorialView.as_view()), name="tutorial"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("favicon.ico", RedirectView.as_view(url=static("recognition/favicon.svg"))),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("admin/", admin.site.urls),
]

from django.contrib import admin
from django.templatetags.static import static
from django.urls import path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from phonereader import health
from phonereader.jobs.api import CancelView, JobView, waits_first
from recognition.api import (
    CorrectionView,
    RecognitionsView,
    RecognitionView,
    TutorialView,
    answers_in_text,
    waits_after,
)
from recognition.page import page

handler400 = "phonereader.problems.bad_request"
handler404 = "phonereader.problems.not_found"
handler500 = "phonereader.problems.server_error"

urlpatterns = [
    path("", page, name="page"),
    path("api/v1/recognitions/", waits_after(RecognitionsView.as_view()), name="recognitions"),
    path("api/v1/recognitions/<uuid:job_id>/", RecognitionView.as_view(), name="recognition"),
    path("api/v1/recognitions/<uuid:job_id>/correction/", CorrectionView.as_view(), name="correction"),
    path("api/v1/jobs/<uuid:job_id>/", waits_first(JobView.as_view()), name="job-self"),
    path("api/v1/jobs/<uuid:job_id>/cancel/", CancelView.as_view(), name="job-cancel"),
    path("api/recognize", answers_in_text(TutorialView.as_view()), name="tutorial"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("favicon.ico", RedirectView.as_view(url=static("recognition/favicon.svg"))),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
]

"""Staff start training runs; what a run is to do is settled when it is accepted."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from phonereader.jobs.models import Job
from recognition import registry
from recognition.models import Activation
from training.models import TrainingRun
from training.recipes import further, recipe

pytestmark = pytest.mark.django_db


def test_without_a_word_it_goes_on_from_the_active_model(staff: APIClient) -> None:
    answer = staff.post("/api/v1/trainings/")
    assert answer.status_code == 202, answer.content
    document = answer.json()
    assert (document["kind"], document["state"]) == ("training", "queued")
    assert answer["Location"] == document["links"]["self"]
    active = registry.active()
    assert active is not None
    run = TrainingRun.objects.get(job=document["id"])
    assert (run.start, run.parent, run.architecture) == ("active", active, active.architecture)
    assert run.epochs == further(active.architecture).epochs
    assert run.trigger == "api"


def test_from_scratch_it_may_be_any_architecture(staff: APIClient) -> None:
    answer = staff.post(
        "/api/v1/trainings/", {"start": "scratch", "architecture": "lenet", "seed": 3}, format="json"
    )
    run = TrainingRun.objects.get(job=answer.json()["id"])
    assert (run.architecture, run.parent, run.seed, run.epochs) == ("lenet", None, 3, recipe("lenet").epochs)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"architecture": "transformer"}, "architecture"),
        ({"architecture": "feed-forward-15"}, "architecture"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": "many"}, "epochs"),
        ({"seed": -1}, "seed"),
        ({"start": "over"}, "start"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_queued(
    staff: APIClient, asked: dict[str, Any], field: str
) -> None:
    answer = staff.post("/api/v1/trainings/", asked, format="json")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Job.objects.exists()


def test_there_must_be_an_active_model_to_start_from(staff: APIClient) -> None:
    Activation.objects.all().delete()
    assert staff.post("/api/v1/trainings/").status_code == 400
    assert staff.post("/api/v1/trainings/", {"start": "scratch"}).status_code == 202

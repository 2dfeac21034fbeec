"""Staff list model versions and put them into service; the gate has a say."""

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from recognition import registry
from recognition.models import Activation, ModelVersion
from training import serving
from training.models import Judgement

pytestmark = pytest.mark.django_db


@pytest.fixture
def candidate() -> ModelVersion:
    """A second version. Nobody loads it here, so its weights need not be any."""
    shipped = registry.active()
    assert shipped is not None
    return ModelVersion.objects.create(
        architecture=shipped.architecture,
        glyph_version=shipped.glyph_version,
        weights=b"-",
        sha256="0" * 64,
        origin="a test",
        parent=shipped,
    )


def judge(model: ModelVersion, passed: bool) -> None:
    Judgement.objects.create(
        model=model, passed=passed, sentence="Refused: worse." if not passed else "Passed."
    )


def test_versions_are_listed_newest_first_with_what_the_gate_says(
    staff: APIClient, candidate: ModelVersion
) -> None:
    judge(candidate, passed=False)
    judge(candidate, passed=True)
    found = staff.get("/api/v1/models/").json()["results"]
    assert [each["version"] for each in found] == [candidate.version, 1]
    assert [each["active"] for each in found] == [False, True]
    assert found[0]["gate"]["passed"] is True
    assert found[1]["gate"] is None
    assert "weights" not in found[0]


def test_an_activation_is_recorded_with_who_and_why(staff: APIClient, candidate: ModelVersion) -> None:
    judge(candidate, passed=True)
    answer = staff.post(f"/api/v1/models/{candidate.version}/activate/", {"reason": "better sevens"})
    assert answer.status_code == 200, answer.content
    newest = Activation.objects.first()
    assert newest is not None
    assert (newest.model, newest.previous_id, newest.by, newest.reason) == (
        candidate,
        1,
        "olga",
        "better sevens",
    )


def test_what_the_gate_refused_is_activated_only_by_force(staff: APIClient, candidate: ModelVersion) -> None:
    judge(candidate, passed=False)
    address = f"/api/v1/models/{candidate.version}/activate/"
    refused = staff.post(address, {})
    assert (refused.status_code, refused.json()["detail"]) == (409, "Refused: worse.")
    assert registry.active() != candidate
    assert staff.post(address, {"force": True, "reason": "I know"}, format="json").status_code == 200
    assert registry.active() == candidate
    newest = Activation.objects.first()
    assert newest is not None
    assert "forced" in newest.reason


def test_rolling_back_serves_the_version_before(candidate: ModelVersion) -> None:
    olga = User.objects.create_user("olga")
    serving.activate(candidate, olga, "try it")
    assert registry.active() == candidate
    serving.roll_back(olga)
    active = registry.active()
    assert active is not None
    assert active.version == 1
    assert Activation.objects.count() == 3


def test_with_one_version_there_is_nothing_to_go_back_to() -> None:
    with pytest.raises(serving.NothingBefore):
        serving.roll_back(User.objects.create_user("olga"))


def test_only_staff_may_look_and_act(candidate: ModelVersion) -> None:
    visitor = APIClient()
    visitor.force_authenticate(User.objects.create_user("vera"))
    assert visitor.get("/api/v1/models/").status_code == 403
    assert visitor.post(f"/api/v1/models/{candidate.version}/activate/").status_code == 403
    assert APIClient().post("/api/v1/trainings/").status_code in (401, 403)
    assert registry.active() != candidate


def test_a_version_that_is_not_there_is_a_404(staff: APIClient) -> None:
    assert staff.post("/api/v1/models/99/activate/").status_code == 404

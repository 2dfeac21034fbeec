"""Who submits with a token may ask to be called back; and staff see what becomes of it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.authtoken.models import Token

from phonereader.jobs import lifecycle
from phonereader.jobs.callbacks import secrets
from phonereader.jobs.models import Delivery, Job, WebhookSecret
from tests.api.conftest import Submit
from tests.callbacks.conftest import NewJob, send
from tests.callbacks.receiver import Receiver
from tests.drawing import as_bytes, box_of_strokes, picture_of

HOOK = "https://8.8.8.8/hook"
BOXES = [box_of_strokes("7")]


@pytest.fixture
def token(user: User) -> dict[str, str]:
    return {"Authorization": f"Token {Token.objects.create(user=user).key}"}


def refused(answer: Any, status: int) -> None:
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["errors"][0]["field"] == "callback_url"
    assert not Job.objects.exists()


def test_with_a_token_it_is_taken(submit_json: Submit, token: dict[str, str]) -> None:
    assert submit_json(BOXES, headers=token, callback_url=HOOK).status_code == 202
    assert Job.objects.get().callback_url == HOOK


def test_a_form_may_ask_too(
    submit_form: Submit,
    client: Client,
    token: dict[str, str],
) -> None:
    client.defaults["HTTP_AUTHORIZATION"] = token["Authorization"]
    assert submit_form([("1.png", as_bytes(picture_of("3")))], callback_url=HOOK).status_code == 202
    assert Job.objects.get().callback_url == HOOK


def test_a_training_may_ask_too(client: Client, token: dict[str, str], user: User) -> None:
    User.objects.update(is_staff=True)
    wanted = {"start": "scratch", "callback_url": HOOK}
    answer = client.post("/api/v1/trainings/", wanted, "application/json", headers=token)
    assert answer.status_code == 202
    assert Job.objects.get().callback_url == HOOK


def test_without_a_token_it_is_refused(submit_json: Submit, client: Client, user: User) -> None:
    refused(submit_json(BOXES, callback_url=HOOK), 403)
    client.force_login(user)
    refused(submit_json(BOXES, callback_url=HOOK), 403)
    assert submit_json(BOXES, callback_url="").status_code == 202


@pytest.mark.parametrize("url", ["http://127.0.0.1:6379/", "http://localhost/", "nonsense", 7, ["x"], {}])
def test_an_address_that_may_not_be_called_is_refused(
    submit_json: Submit,
    token: dict[str, str],
    url: Any,
) -> None:
    refused(submit_json(BOXES, headers=token, callback_url=url), 400)


def test_the_same_key_with_another_address_is_another_request(
    submit_json: Submit,
    token: dict[str, str],
) -> None:
    headers = {**token, "Idempotency-Key": "k"}
    answers = [submit_json(BOXES, headers=headers, callback_url=url) for url in (HOOK, HOOK, HOOK + "2")]
    assert [answer.status_code for answer in answers] == [202, 202, 422]


# --- Staff ------------------------------------------------------------------------------------------


def test_staff_see_a_callback_and_may_have_it_sent_again(
    admin_client: Client, hook: Receiver, new_job: NewJob
) -> None:
    job = new_job(hook.url)
    hook.answers(404, 200)
    lifecycle.succeed(job, {}, "w1")
    delivery = send()
    listed = admin_client.get("/admin/jobs/delivery/?state__exact=refused").content.decode()
    assert str(delivery.id) in listed
    assert "404" in listed
    assert hook.url in admin_client.get(f"/admin/jobs/delivery/{delivery.id}/change/").content.decode()
    assert str(delivery.id) in admin_client.get(f"/admin/jobs/job/{job.id}/change/").content.decode()
    chosen = {"action": "send_again", "_selected_action": [str(delivery.id)]}
    assert admin_client.post("/admin/jobs/delivery/", chosen).status_code == 302
    assert Delivery.objects.get().state == "due"
    assert send().state == "delivered"


def test_staff_see_a_secret_and_may_change_it(admin_client: Client, user: User) -> None:
    old = secrets.secret_of(user).secret
    page = f"/admin/jobs/webhooksecret/{user.pk}/change/"
    assert old in admin_client.get(page).content.decode()
    chosen = {"action": "rotate", "_selected_action": [str(user.pk)]}
    assert admin_client.post("/admin/jobs/webhooksecret/", chosen).status_code == 302
    now = WebhookSecret.objects.get()
    assert (now.previous, now.secret != old) == (old, True)

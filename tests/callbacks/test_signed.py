"""A callback is the whole job, signed as Standard Webhooks says, so that its receiver knows who speaks."""

import base64
import hashlib
import hmac

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.authtoken.models import Token
from standardwebhooks import WebhookVerificationError

from phonereader.jobs import lifecycle
from phonereader.jobs.callbacks import secrets
from phonereader.jobs.models import Delivery, WebhookSecret
from tests.callbacks.conftest import NewJob, send
from tests.callbacks.receiver import Receiver

pytestmark = pytest.mark.core
SECRET = "/api/v1/webhook-secret/"


def test_the_end_of_a_job_is_posted_with_its_result(
    hook: Receiver, new_job: NewJob, user: User, client: Client
) -> None:
    job = new_job(hook.url)
    assert not Delivery.objects.exists(), "nothing is due before the end"
    lifecycle.succeed(job, {"digits": "7"}, "w1")
    delivery = send()
    assert (delivery.state, delivery.status, delivery.due_at) == ("delivered", 200, None)
    (call,) = hook.calls
    message = call.verified(secrets.secret_of(user).secret)
    assert call.path == "/hook?for=me"
    assert call.headers["content-type"] == "application/json"
    assert message["type"] == "job.succeeded"
    assert message["data"] == client.get(f"/api/v1/jobs/{job.id}/").json()
    assert message["timestamp"] == message["data"]["finished_at"]


def test_the_signature_is_what_the_api_guide_says(hook: Receiver, new_job: NewJob, user: User) -> None:
    lifecycle.succeed(new_job(hook.url), {}, "w1")
    send()
    (call,) = hook.calls
    key = base64.b64decode(secrets.secret_of(user).secret.removeprefix("whsec_"))
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert call.headers["webhook-signature"] == f"v1,{expected}"


def test_a_failed_and_a_cancelled_job_are_told_of_too(hook: Receiver, new_job: NewJob, user: User) -> None:
    lifecycle.fail(new_job(hook.url), "expected", "no_number", "There is no number.", "w1")
    send()
    Delivery.objects.all().delete()
    lifecycle.give_back(lifecycle.cancel(new_job(hook.url), "me"), "sweeper", "lost")
    send()
    secret = secrets.secret_of(user).secret
    assert [call.verified(secret)["type"] for call in hook.calls] == ["job.failed", "job.cancelled"]
    assert hook.calls[0].verified(secret)["data"]["error"]["code"] == "no_number"


def test_each_user_has_a_secret_of_their_own_and_reads_it_with_their_token(
    client: Client, user: User
) -> None:
    assert client.get(SECRET).status_code == 401
    token = {"Authorization": f"Token {Token.objects.create(user=user).key}"}
    other = {"Authorization": f"Token {Token.objects.create(user=User.objects.create_user('other')).key}"}
    mine = client.get(SECRET, headers=token)
    assert mine.headers["Cache-Control"] == "no-store"
    assert mine.json()["secret"].startswith("whsec_")
    assert client.get(SECRET, headers=token).json() == mine.json()
    assert client.get(SECRET, headers=other).json()["secret"] != mine.json()["secret"]


def test_a_changed_secret_signs_beside_the_old_one_for_a_day(
    hook: Receiver, new_job: NewJob, user: User, client: Client
) -> None:
    token = {"Authorization": f"Token {Token.objects.create(user=user).key}"}
    old = client.get(SECRET, headers=token).json()["secret"]
    new = client.post(SECRET, headers=token).json()["secret"]
    assert new != old
    lifecycle.succeed(new_job(hook.url), {}, "w1")
    send()
    assert hook.calls[0].verified(old) == hook.calls[0].verified(new)

    WebhookSecret.objects.update(changed_at="2020-01-01T00:00:00Z")
    Delivery.objects.all().delete()
    lifecycle.succeed(new_job(hook.url), {}, "w1")
    send()
    hook.calls[1].verified(new)
    with pytest.raises(WebhookVerificationError):
        hook.calls[1].verified(old)


def test_nothing_is_sent_for_a_user_who_is_gone(hook: Receiver, new_job: NewJob, user: User) -> None:
    lifecycle.succeed(new_job(hook.url), {}, "w1")
    user.delete()
    assert send().state == "refused"
    assert hook.calls == []

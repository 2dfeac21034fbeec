"""A callback is made at least once: again after trouble, later each time, and not for ever."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.db import transaction
from django.utils import timezone

from phonereader.jobs import bell, lifecycle
from phonereader.jobs.callbacks import deliver, due, secrets
from phonereader.jobs.models import Delivery
from tests.callbacks.conftest import NewJob, make_due, send
from tests.callbacks.receiver import Receiver
from tests.stack import free_port

pytestmark = pytest.mark.core


def test_trouble_of_the_receiver_is_met_with_patience_and_the_same_id(
    hook: Receiver, new_job: NewJob
) -> None:
    job = new_job(hook.url)
    lifecycle.succeed(job, {"digits": "7"}, "w1")
    hook.answers(500, 503, 429, 200)
    for attempts, status in enumerate((500, 503, 429), 1):
        delivery = send()
        assert (delivery.state, delivery.status, delivery.attempts) == ("due", status, attempts)
        assert send().attempts == attempts, "it is not due yet"
        make_due()
    assert send().state == "delivered"
    assert send().attempts == 4, "what was delivered is not sent again"
    assert job.user is not None
    secret = secrets.secret_of(job.user).secret
    assert len({call.headers["webhook-id"] for call in hook.calls}) == 1
    assert [call.verified(secret)["data"]["id"] for call in hook.calls] == [str(job.id)] * 4


@pytest.mark.parametrize("as_date", [False, True])
def test_a_receiver_may_say_when(hook: Receiver, new_job: NewJob, as_date: bool) -> None:
    lifecycle.succeed(new_job(hook.url), {}, "w1")
    then = timezone.now() + timedelta(minutes=30)
    hook.answers((429, {"Retry-After": format_datetime(then, usegmt=True) if as_date else "1800"}))
    due_at = send().due_at
    assert due_at is not None
    assert abs(due_at - then) < timedelta(minutes=1)


@pytest.mark.parametrize("wish", ["soon", "-5", "", "99999999999999999999", "Mon, 99 Jan 2026 00:00:00 GMT"])
def test_a_wish_that_makes_no_sense_is_none(hook: Receiver, new_job: NewJob, wish: str) -> None:
    lifecycle.succeed(new_job(hook.url), {}, "w1")
    hook.answers((503, {"Retry-After": wish}))
    delivery = send()
    assert delivery.state == "due"
    assert delivery.due_at is not None
    assert delivery.due_at < timezone.now() + timedelta(hours=7)


def test_pauses_grow_to_an_hour() -> None:
    pauses = [deliver.pause_after(attempts) for attempts in (1, 3, 5, 7, 9, 40)]
    assert pauses == sorted(pauses)
    assert 2.5 <= pauses[0] <= 5
    assert 1800 <= pauses[-1] <= 3600


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 410])
def test_a_receiver_that_does_not_want_it_is_left_alone(hook: Receiver, new_job: NewJob, status: int) -> None:
    lifecycle.succeed(new_job(hook.url), {}, "w1")
    hook.answers((status, {"Location": "/elsewhere"} if status < 400 else {}))
    delivery = send()
    assert (delivery.state, delivery.status, delivery.due_at) == ("refused", status, None)
    assert [call.path for call in hook.calls] == ["/hook?for=me"]


def test_a_receiver_that_is_away_is_tried_for_a_day(private: None, new_job: NewJob) -> None:
    lifecycle.succeed(new_job(f"http://127.0.0.1:{free_port()}/"), {}, "w1")
    delivery = send()
    assert (delivery.state, delivery.status) == ("due", None)
    assert "refused" in delivery.answer
    assert timedelta(hours=23) < delivery.give_up_at - timezone.now() < timedelta(hours=25)
    Delivery.objects.update(give_up_at=timezone.now())
    make_due()
    delivery = send()
    assert (delivery.state, delivery.attempts, delivery.ring_at) == ("given up", 2, None)


def test_one_of_two_who_want_to_send_it_does(hook: Receiver, new_job: NewJob) -> None:
    lifecycle.succeed(new_job(hook.url), {}, "w1")
    delivery_id = Delivery.objects.get().id
    first = deliver.claim(delivery_id)
    assert first is not None
    assert deliver.claim(delivery_id) is None


def test_what_a_dead_worker_was_about_to_send_is_sent_by_another(hook: Receiver, new_job: NewJob) -> None:
    lifecycle.succeed(new_job(hook.url), {}, "w1")
    late = deliver.claim(Delivery.objects.get().id)
    assert late is not None
    make_due()  # its claim has run out
    assert send().state == "delivered"
    deliver.settle(late, deliver.NoAnswer("too late"))
    assert Delivery.objects.get().state == "delivered"


def test_a_lost_ring_only_delays(hook: Receiver, new_job: NewJob, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[tuple[str, str]] = []
    monkeypatch.setattr(bell.bell, "ring", lambda *_ring: None)  # lost
    monkeypatch.setattr(bell, "send", lambda task, row_id, _broker: rung.append((task, row_id)))
    lifecycle.succeed(new_job(hook.url), {}, "w1")
    delivery = Delivery.objects.get()
    assert due.ring_again() == 0
    make_due()
    assert (due.ring_again(), due.ring_again()) == (1, 0)
    assert rung == [("jobs.deliver", str(delivery.id))]


def test_an_end_that_is_rolled_back_is_not_told(hook: Receiver, new_job: NewJob) -> None:
    job = new_job(hook.url)
    with transaction.atomic():
        assert lifecycle.succeed(job, {}, "w1")
        assert Delivery.objects.count() == 1
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()


def test_of_a_job_that_was_tried_again_the_last_end_is_told(hook: Receiver, new_job: NewJob) -> None:
    job = new_job(hook.url)
    lifecycle.fail(job, "internal", "bug", "A bug.", "w1")
    lifecycle.retry(job, "staff")
    assert send().state == "superseded"
    again = lifecycle.claim(job.id, "w2")
    assert again is not None
    lifecycle.succeed(again, {"digits": "7"}, "w2")
    deliver.deliver(Delivery.objects.get(state="due").id)
    assert [b"job.succeeded" in call.body for call in hook.calls] == [True]

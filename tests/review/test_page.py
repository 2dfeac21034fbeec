"""What the review page asks the site for: staff who may label, JSON only, errors in words."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from recognition.submissions import forget
from tests.review.conftest import Read
from training.models import Label, Sample

ADDRESS = "/admin/training/review/one-by-one/"


def post(client: Client, name: str, fields: Any = None) -> Any:
    return client.post(f"{ADDRESS}{name}/", json.dumps(fields or {}), content_type="application/json")


@pytest.fixture
def reviewer(client: Client, anna: User) -> Client:
    client.force_login(anna)
    return client


def test_a_digit_is_shown_with_the_number_around_it(read: Read, reviewer: Client) -> None:
    boxes = read("1205", claim="1295", blanks=1)
    answer = post(reviewer, "next", {"start": True}).json()
    item = answer["item"]
    assert (item["box"], item["position"], item["claim"]) == (boxes[2].pk, 3, "9")
    assert item["confirms"] == {"text": "9", "what": "claim"}
    assert item["reading"]["digit"] == "0"
    assert item["label"] is None
    assert "<img" in item["picture"]
    assert [place["current"] for place in item["number"]] == [False, False, True, False, False]
    assert [place["reading"]["state"] for place in item["number"]] == ["read"] * 4 + ["blank"]
    assert answer["progress"]["left"] == 4


def test_label_relabel_and_undo(read: Read, reviewer: Client) -> None:
    [box] = read("7")
    first = post(reviewer, "label", {"box": box.pk, "text": "1", "was": None}).json()["label"]
    post(reviewer, "label", {"box": box.pk, "text": "-", "was": first["id"]})
    assert Sample.objects.get().digit == "-"
    undone = post(reviewer, "undo").json()
    assert (undone["text"], undone["item"]["label"]["text"]) == ("-", "1")
    assert post(reviewer, "undo").json()["item"]["label"]["text"] == ""
    assert post(reviewer, "undo").json()["item"] is None


def test_what_is_taken_or_gone_is_said(read: Read, reviewer: Client, bert: User) -> None:
    [box] = read("7")
    other = Client()
    other.force_login(bert)
    assert post(other, "next").json()["item"]["box"] == box.pk
    answer = post(reviewer, "label", {"box": box.pk, "text": "7", "was": None})
    assert (answer.status_code, answer.json()["detail"]) == (409, "bert reviews this box now.")
    assert post(other, "release", {"hold": [box.pk]}).status_code == 200
    assert post(reviewer, "next").json()["item"]["box"] == box.pk
    forget(box.submission.job, "test")
    assert post(reviewer, "label", {"box": box.pk, "text": "7", "was": None}).status_code == 410


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("label", {"box": 1, "text": "12"}),
        ("label", {"box": 1, "text": ""}),
        ("label", {"box": "1", "text": "1"}),
        ("label", {"box": 2**70, "text": "1"}),
        ("label", {"box": True, "text": "1"}),
        ("label", {"box": 1, "text": ["1"]}),
        ("next", {"hold": "1"}),
        ("next", {"hold": [1] * 21}),
        ("next", [1]),
    ],
)
def test_a_bad_request_is_refused(reviewer: Client, name: str, fields: Any) -> None:
    answer = post(reviewer, name, fields)
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert not Label.objects.exists()


def test_who_is_signed_out_or_may_not_label_is_told_so(read: Read, client: Client) -> None:
    [box] = read("7")
    label = {"box": box.pk, "text": "7", "was": None}
    assert post(client, "label", label).status_code == 401
    carla = User.objects.create_user("carla", is_staff=True)
    client.force_login(carla)
    assert post(client, "label", label).status_code == 403
    assert client.get(ADDRESS).status_code == 403
    assert client.get("/admin/training/review/").status_code == 403
    carla.user_permissions.add(Permission.objects.get(codename="add_label"))
    assert client.get(ADDRESS).status_code == 200
    assert client.get("/admin/training/review/").status_code == 200
    assert post(client, "label", label).status_code == 200


def test_labels_need_the_token_of_the_page(read: Read, anna: User) -> None:
    [box] = read("7")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(anna)
    assert post(strict, "label", {"box": box.pk, "text": "7", "was": None}).status_code == 403
    assert not Label.objects.exists()


def test_a_long_number_costs_no_more_queries(
    read: Read, reviewer: Client, django_assert_max_num_queries: Any
) -> None:
    read("7", claim="1")
    with django_assert_max_num_queries(25):
        assert post(reviewer, "next", {"start": True}).json()["item"]
    read("70123456789", claim="10123456789")
    with django_assert_max_num_queries(25):
        assert post(reviewer, "next", {"start": True}).json()["item"]


def test_the_list_of_what_waits_and_its_bulk_action(
    read: Read, reviewer: Client, django_assert_max_num_queries: Any
) -> None:
    boxes = read("0123456789", claim="0123456781")
    with django_assert_max_num_queries(12):
        page = reviewer.get("/admin/training/review/").content.decode()
    assert page.count("data:image/png") == 10
    assert page.count('class="disputed"') == 1
    expected = {
        "state=disputed": 1,
        "state=read": 10,
        "state=unreadable": 0,
        "digit=7": 1,
        "certainty=0-50": 0,
        "version=9999": 0,
        "version=x": 10,
    }
    for query, count in expected.items():
        page = reviewer.get(f"/admin/training/review/?{query}").content.decode()
        assert page.count("data:image/png") == count, query
    chosen = [box.readings.get().pk for box in boxes[:3]]
    answer = reviewer.post(
        "/admin/training/review/",
        {"action": "confirm_readings", "_selected_action": chosen},
        follow=True,
    )
    assert "3 readings were confirmed." in answer.content.decode()
    assert set(Sample.objects.values_list("box", flat=True)) == {box.pk for box in boxes[:3]}

"""Samples in the admin: listed as pictures, relabelled one by one or many, looked at a second time."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from recognition import registry
from tests.review.conftest import Read
from training import review, samples, suspects
from training.models import Judgement, Label, Sample
from training.samples import Reviewer

LIST = "/admin/training/sample/"


@pytest.fixture
def reviewer(client: Client, anna: User) -> Client:
    client.force_login(anna)
    return client


def labelled(read: Read, user: User, digits: str, says: str, example: int = 0) -> list[Sample]:
    for box, text in zip(read(digits, example=example), says, strict=True):
        review.label(user, box.pk, text, None)
    return list(Sample.objects.order_by("id"))


def shown(client: Client, query: str = "") -> int:
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 200
    return answer.content.decode().count("data:image/png")


def test_samples_are_listed_as_pictures_and_filtered(read: Read, reviewer: Client, anna: User) -> None:
    made = labelled(read, anna, "0123", "0723")
    samples.relabel(made[3], "", Reviewer("anna"))
    assert shown(reviewer) == 4
    version = registry.active()
    assert version is not None
    expected = {
        "state=labelled": 3,
        "state=withdrawn": 1,
        "state=misread": 1,
        "digit__exact=7": 1,
        f"split__exact={made[0].split}": 4,
        f"version={version.pk}": 4,
        "version=9999": 0,
        "certainty=0-50": 0,
    }
    for query, count in expected.items():
        assert shown(reviewer, query) == count, query


def test_a_long_list_costs_no_more_queries(
    read: Read, reviewer: Client, anna: User, django_assert_max_num_queries: Any
) -> None:
    labelled(read, anna, "0", "0")
    with django_assert_max_num_queries(14):
        shown(reviewer)
    labelled(read, anna, "123456789", "123456789", example=1)
    with django_assert_max_num_queries(14):
        assert shown(reviewer) == 10


def act(client: Client, action: str, rows: list[Sample], label: str = "") -> str:
    fields = {"action": action, "label": label, "_selected_action": [row.pk for row in rows]}
    return client.post(LIST, fields, follow=True).content.decode()


def test_many_are_relabelled_withdrawn_and_confirmed_as_read(
    read: Read, reviewer: Client, anna: User
) -> None:
    made = labelled(read, anna, "012", "333")
    assert "Choose the label" in act(reviewer, "relabel", made)
    assert "2 labels were changed. 0 " not in act(reviewer, "relabel", made[:2], "-")
    assert list(Sample.objects.order_by("id").values_list("digit", flat=True)) == ["-", "-", "3"]
    assert "3 labels were changed." in act(reviewer, "withdraw", made)
    assert review.waiting().count() == 3
    assert "3 labels were changed." in act(reviewer, "confirm_readings", made)
    read_as = [sample.box.readings.get().digit for sample in made if sample.box]
    assert list(Sample.objects.order_by("id").values_list("digit", flat=True)) == read_as
    assert review.waiting().count() == 0
    assert list(made[2].labels.values_list("text", "via")) == [
        (read_as[2], "bulk"), ("", "bulk"), ("3", "review"),
    ]  # fmt: skip


def test_the_page_of_a_sample_relabels_it_and_shows_its_history(
    read: Read, reviewer: Client, anna: User, bert: User
) -> None:
    [sample] = labelled(read, bert, "7", "1")
    page = f"{LIST}{sample.pk}/change/"
    fields = {"labels-TOTAL_FORMS": 0, "labels-INITIAL_FORMS": 0, "digit": "7"}
    assert reviewer.post(page, fields).status_code == 302
    sample.refresh_from_db()
    assert sample.digit == "7"
    assert list(sample.labels.values_list("text", "by")) == [("7", "anna"), ("1", "bert")]
    reviewer.post(page, fields)
    assert sample.labels.count() == 2, "the same label is not given again"
    history = reviewer.get(page).content.decode()
    assert "anna" in history
    assert "bert" in history
    assert reviewer.post(page, fields | {"digit": "77"}).status_code == 200
    assert sample.labels.count() == 2


def test_who_may_not_label_sees_and_changes_nothing(read: Read, client: Client, anna: User) -> None:
    [sample] = labelled(read, anna, "7", "7")
    client.force_login(User.objects.create_user("carla", is_staff=True))
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}second-look/").status_code == 403
    assert client.post(f"{LIST}{sample.pk}/settle/", {"text": "1", "was": "7"}).status_code == 403
    assert Label.objects.count() == 1


def test_a_label_that_the_active_model_surely_disagrees_with_gets_a_second_look(
    read: Read, reviewer: Client, anna: User
) -> None:
    made = labelled(read, anna, "4177", "4817")
    found = [(each.sample.pk, each.answer) for each in suspects.suspects()]
    assert sorted(found) == [(made[1].pk, "1"), (made[2].pk, "7")]
    page = reviewer.get(f"{LIST}second-look/").content.decode()
    assert page.count("<figure>") == 2
    reviewer.post(f"{LIST}{made[1].pk}/settle/", {"text": "8", "was": "8"})
    reviewer.post(f"{LIST}{made[2].pk}/settle/", {"text": "7", "was": "1"})
    assert suspects.suspects() == []
    assert [list(sample.labels.values_list("text", "via")) for sample in made[1:3]] == [
        [("8", "second"), ("8", "review")],
        [("7", "second"), ("1", "review")],
    ]
    again = reviewer.post(f"{LIST}{made[2].pk}/settle/", {"text": "2", "was": "1"}, follow=True)
    assert "changed meanwhile" in again.content.decode()
    gone = reviewer.post(f"{LIST}99999/settle/", {"text": "2", "was": "1"}, follow=True)
    assert "gone" in gone.content.decode()


def test_what_a_judgement_wrote_down_is_listed_too(transactional_db: None) -> None:
    from tests.drawing import number_of_pictures

    [picture] = number_of_pictures("5")
    sample = samples.take_in("import:a", "6", Reviewer("import"), picture=picture)
    model = registry.active()
    assert sample is not None
    assert model is not None
    judgement = Judgement.objects.create(
        model=model, passed=True, sentence="", suspects=[[sample.pk, "5", 0.99], [12345, "5", 0.99]]
    )
    assert [(each.sample, each.answer) for each in suspects.suspects()] == [(sample, "5")]
    samples.relabel(sample, "5", Reviewer("anna"))
    assert suspects.suspects() == []
    judgement.delete()

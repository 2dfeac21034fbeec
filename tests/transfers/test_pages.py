"""The admin's pages of transfers: who may do what, and what is shown."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from phonereader.jobs import runner
from phonereader.jobs.models import Job
from phonereader.jobs.states import State
from tests.transfers.conftest import picture
from tests.transfers.zips import zipped
from training.models import Sample, Transfer
from training.tasks import RunTransfer

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/training/transfer/"


def staff(*permissions: str) -> Client:
    user = User.objects.create_user("sam", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def upload(client: Client, files: dict[str, bytes], **fields: Any) -> Any:
    file = SimpleUploadedFile("digits.zip", zipped(files))
    return client.post(f"{LIST}import/", {"file": file, "format": "folders"} | fields)


def run_waiting() -> Transfer:
    job = Job.objects.get(state=State.QUEUED)
    runner.run(job.id, RunTransfer(), "test")
    return Transfer.objects.get(job=job)


def test_import_by_upload(admin_client: Client) -> None:
    answer = upload(admin_client, {"7/a.png": picture("7"), "7/<b>.png": b"?"})
    done = run_waiting()
    assert answer["Location"] == f"{LIST}{done.pk}/change/"
    page = admin_client.get(answer["Location"]).content.decode()
    assert "1 taken in" in page
    assert "7/&lt;b&gt;.png" in page
    assert "1 taken in" in admin_client.get(LIST).content.decode()
    assert Sample.objects.get().labels.get().by == "admin"


def test_export_and_download(admin_client: Client, reviewed: None) -> None:
    answer = admin_client.post(f"{LIST}export/", {"format": "idx", "split": ""})
    file = f"{LIST}{Transfer.objects.get().pk}/file/"
    assert admin_client.get(file).status_code == 404, "it is not ready"
    done = run_waiting()
    page = admin_client.get(answer["Location"]).content.decode()
    assert file in page
    assert "are left out: IDX has digits only" in page
    got = admin_client.get(file)
    assert got.content == bytes(done.file or b"")
    assert got["Content-Disposition"] == f'attachment; filename="{done.file_name}"'


def test_a_form_that_is_wrong_starts_nothing(admin_client: Client) -> None:
    assert admin_client.post(f"{LIST}export/", {"format": "crayons"}).status_code == 200
    assert admin_client.post(f"{LIST}import/", {"format": "folders"}).status_code == 200
    assert admin_client.post(f"{LIST}shadow/", {"version": 99, "count": 5}).status_code == 200
    assert not Job.objects.exists()


def test_cancel(admin_client: Client) -> None:
    upload(admin_client, {"7/a.png": picture("7")})
    row = Transfer.objects.get()
    admin_client.post(f"{LIST}{row.pk}/cancel/")
    assert Job.objects.get().state == State.CANCELLED
    live = admin_client.get(f"{LIST}{row.pk}/live/").json()
    assert (live["state"], live["ended"]) == ("cancelled", True)


def test_what_has_ended_may_be_deleted_and_nothing_else(admin_client: Client) -> None:
    upload(admin_client, {"7/a.png": picture("7")})
    row = Transfer.objects.get()
    assert admin_client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
    admin_client.post(LIST, chosen)
    assert Transfer.objects.exists()
    run_waiting()
    admin_client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"})
    assert not Transfer.objects.exists()
    assert Sample.objects.exists()


@pytest.mark.parametrize("what", ["import", "export", "shadow"])
def test_who_may_only_look_starts_nothing(what: str) -> None:
    client = staff("view_transfer")
    assert client.get(LIST).status_code == 200
    assert f"{LIST}{what}/" not in client.get(LIST).content.decode()
    assert client.get(f"{LIST}{what}/").status_code == 403
    assert client.post(f"{LIST}{what}/", {"format": "idx"}).status_code == 403


def test_who_may_only_look_does_not_get_the_file(reviewed: None, admin_client: Client) -> None:
    admin_client.post(f"{LIST}export/", {"format": "idx", "split": ""})
    done = run_waiting()
    client = staff("view_transfer")
    assert client.get(f"{LIST}{done.pk}/change/").status_code == 200
    assert client.get(f"{LIST}{done.pk}/file/").status_code == 403
    assert client.post(f"{LIST}{done.pk}/cancel/").status_code == 403
    stranger = Client()
    assert stranger.get(f"{LIST}{done.pk}/file/").status_code == 302
    nobody = Client()
    nobody.force_login(User.objects.create_user("mia", is_staff=True))
    assert nobody.get(f"{LIST}{done.pk}/change/").status_code == 403
    assert nobody.get(f"{LIST}{done.pk}/live/").status_code == 403


def test_the_differences_of_a_shadow_run_are_pictures(admin_client: Client) -> None:
    from recognition import registry
    from recognition.models import Box, ModelVersion, Submission
    from recognition.submissions import Sender, SentBox, submit
    from training.models import Difference

    registry.ensure_shipped()  # tables are emptied between these tests
    version = ModelVersion.objects.get().pk
    version_page = admin_client.get(f"/admin/recognition/modelversion/{version}/change/").content.decode()
    assert f"{LIST}shadow/?version={version}" in version_page
    assert (
        f'value="{version}" selected' in admin_client.get(f"{LIST}shadow/?version={version}").content.decode()
    )
    answer = admin_client.post(f"{LIST}shadow/", {"version": version, "count": 5})
    row = Transfer.objects.get()
    assert row.options == {"version": version, "count": 5}
    submit([SentBox(picture=picture("4"))] * 2, "", False, Sender("x", Submission.Source.API))
    Job.objects.filter(kind="transfer").update(state=State.SUCCEEDED)
    Transfer.objects.update(
        report={"numbers": 1, "numbers_changed": 1, "boxes": 2, "changed": 2, "labelled": 0}
    )
    for box in Box.objects.all():
        Difference.objects.create(transfer=row, box=box, before="4", after="9", sure_after=0.8)
    page = admin_client.get(answer["Location"]).content.decode()
    assert page.count("data:image/png;base64,") == 2
    assert "4 → <strong>9</strong>" in page
    looker = staff("view_transfer")
    assert "data:image/png" not in looker.get(answer["Location"]).content.decode()

"""An operator brings drawings in, takes them out, and brings them in again, all in the admin."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.drawing import as_bytes, picture_of
from tests.stack import Stack
from tests.transfers.zips import zipped

pytestmark = pytest.mark.stack

USER = """
from django.contrib.auth.models import User
User.objects.filter(username="olga").exists() or User.objects.create_superuser("olga", password="olga's own")
"""
PATIENCE = 90_000


@pytest.fixture
def admin(browser: Browser, stack: Stack) -> Iterator[Page]:
    """The admin's first page, signed in."""
    stack.manage("shell", "--verbosity=0", "-c", USER)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{stack.url}/admin/")
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password").fill("olga's own")
    page.get_by_role("button", name="Log in").click()
    yield page
    context.close()
    assert wrong == []


def bring_in(page: Page, path: Path, form: str) -> None:
    page.get_by_role("link", name="Transfers", exact=True).first.click()
    page.locator(".object-tools").get_by_role("link", name="Import").click()
    page.get_by_label("File").set_input_files(path)
    page.get_by_label("Format").select_option(form)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#state")).to_have_text("succeeded", timeout=PATIENCE)


def test_in_out_and_in_again(admin: Page, tmp_path: Path) -> None:
    files = {f"{d}/{n}.png": as_bytes(picture_of(d, n + 40)) for d in "0123456789" for n in range(2)}
    path = tmp_path / "digits.zip"
    path.write_bytes(zipped(files | {"7/notes.txt": b"no picture"}))
    bring_in(admin, path, "folders")
    expect(admin.locator("#words")).to_contain_text("20 taken in")
    expect(admin.locator(".passed-over")).to_contain_text("7/notes.txt")

    admin.get_by_role("link", name="Transfers", exact=True).first.click()
    admin.locator(".object-tools").get_by_role("link", name="Export").click()
    admin.get_by_label("Format").select_option("label-studio")
    admin.get_by_role("button", name="Start").click()
    with admin.expect_download(timeout=PATIENCE) as download:
        admin.get_by_role("link", name="Download").click(timeout=PATIENCE)
    taken = tmp_path / "taken.zip"
    download.value.save_as(taken)

    bring_in(admin, taken, "label-studio")
    expect(admin.locator("#words")).to_contain_text("0 taken in")
    expect(admin.locator("#words")).to_contain_text("were there already")


def test_a_file_above_the_site_s_usual_limit_comes_through(admin: Page, tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    path.write_bytes(zipped({"3/a.png": as_bytes(picture_of("3", 50)), "3/b.bin": bytes(12 * 2**20)}, 0))
    bring_in(admin, path, "folders")
    expect(admin.locator("#words")).to_contain_text("1 taken in")
    expect(admin.locator(".passed-over")).to_contain_text("larger than 8 MB")

"""Callbacks go to the internet alone, unless the operator allows more; and nothing leads them astray."""

import socket
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from phonereader.jobs import lifecycle
from phonereader.jobs.callbacks import address, post
from tests.callbacks.conftest import NewJob, send
from tests.callbacks.receiver import CERTIFICATE, Receiver, raw_server, receiver

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001::80ff:fffe",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("text", PRIVATE)
def test_addresses_that_are_not_of_the_internet(text: str) -> None:
    assert not address.public(ip_address(text))
    with pytest.raises(address.BadAddress):
        address.check(f"http://[{text}]/" if ":" in text else f"http://{text}/")


@pytest.mark.parametrize("text", PUBLIC)
def test_addresses_of_the_internet(text: str) -> None:
    assert address.public(ip_address(text))
    address.check(f"https://[{text}]:8443/x" if ":" in text else f"https://{text}/x")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "/hook",
        "//8.8.8.8/",
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "http://",
        "http:///x",
        "http://8.8.8.8:0/",
        "http://8.8.8.8:99999/",
        "http://8.8.8.8:x/",
        "http://me@8.8.8.8/",
        "http://8.8.8.8@127.0.0.1/",
        "http://8.8.8.8 /",
        "http://8.8.8.8/\r\nX: y",
        "http://8.8.8.8\\@127.0.0.1/",
        "http://exämple.org/",
        "http://[fe80::1%25eth0]/",
        "http://[::1",
        "http://a..b/",
        "http://" + "a" * 70 + ".org/",
        "http://8.8.8.8/" + "x" * 2000,
        "http://localhost/",
        "http://LOCALHOST:6379/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://0/",
    ],
)
def test_what_is_no_address_to_call(url: str) -> None:
    with pytest.raises(address.BadAddress):
        address.check(url)


def test_a_name_that_cannot_be_resolved_now_may_be_later() -> None:
    address.check("https://hooks.invalid/")


# --- When it is called ------------------------------------------------------------------------------


def end(new_job: NewJob, url: str) -> None:
    lifecycle.succeed(new_job(url), {}, "w1")


@pytest.fixture
def listening() -> Iterator[Receiver]:
    """A receiver on this machine, which nothing may reach."""
    with receiver() as running:
        yield running


def points_to(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every name point there, once; a second look-up fails."""
    answers = [[(socket.AF_INET, socket.SOCK_STREAM, 6, "", (where, 0))]]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answers.pop())


def test_an_address_of_this_machine_is_not_called(listening: Receiver, new_job: NewJob) -> None:
    end(new_job, listening.url)
    assert send().state == "refused"
    assert listening.calls == []


def test_a_name_that_was_public_when_it_was_given_is_checked_again(
    listening: Receiver, new_job: NewJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    end(new_job, listening.url.replace("127.0.0.1", "rebound.example"))
    points_to("127.0.0.1", monkeypatch)
    delivery = send()
    assert (delivery.state, delivery.attempts) == ("refused", 1)
    assert "private" in delivery.answer
    assert listening.calls == []


def test_a_name_is_resolved_once_and_the_checked_address_is_called(
    hook: Receiver, new_job: NewJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    end(new_job, hook.url.replace("127.0.0.1", "hooks.example"))
    points_to("127.0.0.1", monkeypatch)
    assert send().state == "delivered"
    assert hook.calls[0].headers["host"].startswith("hooks.example:")


def test_no_proxy_of_the_environment_stands_between(
    hook: Receiver, new_job: NewJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    end(new_job, hook.url)
    assert send().state == "delivered"


# --- Receivers that are no good ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "rest", "why"),
    [
        (b"", b"", "no answer within"),
        (b"Hello!\r\n\r\n", b"", "no HTTP"),
        (b"\x15\x03\x01\x00\x02\x02", b"\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\n", b"x: " + b"y" * 10_000 + b"\r\n", "no status within"),
        (b"HTTP/1.1 200 OK\r\nx: ", b"y", "no answer within"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, "no status within"),
    ],
    ids=[
        "silent",
        "nonsense",
        "TLS",
        "endless",
        "each byte in time for a limit on a single read",
        "for ever 100",
    ],
)
def test_an_answer_that_never_ends_or_is_none(
    private: None, new_job: NewJob, monkeypatch: pytest.MonkeyPatch, start: bytes, rest: bytes, why: str
) -> None:
    monkeypatch.setattr(post, "SECONDS", 1.0)
    with raw_server(start, rest) as url:
        end(new_job, url)
        delivery = send()
    assert (delivery.state, delivery.status) == ("due", None)
    assert why in delivery.answer


@pytest.fixture
def secure(private: None) -> Iterator[Receiver]:
    post._trust.cache_clear()
    with receiver(tls=True) as running:
        yield running
    post._trust.cache_clear()


def test_a_certificate_that_nobody_vouches_for_is_refused(secure: Receiver, new_job: NewJob) -> None:
    end(new_job, secure.url)
    delivery = send()
    assert (delivery.state, delivery.status) == ("due", None)
    assert "certificate" in delivery.answer.lower()
    assert secure.calls == []


def test_a_certificate_must_be_of_the_name_that_was_given(
    secure: Receiver, new_job: NewJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    end(new_job, secure.url.replace("localhost", "127.0.0.1"))
    assert "certificate" in send().answer.lower()
    assert secure.calls == []


def test_a_receiver_with_a_good_certificate(
    secure: Receiver, new_job: NewJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    end(new_job, secure.url)
    assert send().state == "delivered"


def test_the_setting_allows_private_addresses(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_ADDRESSES = True
    address.check("http://127.0.0.1:8000/")
    with pytest.raises(address.BadAddress):
        address.check("ftp://127.0.0.1/")

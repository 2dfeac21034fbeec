"""Where callbacks may go: to the internet, and into this network only where the operator allows it.

Otherwise whoever may submit could have the program knock at doors that only it can reach (SSRF). A name is
resolved once, all its addresses are checked, and the connection goes to one of those, so that a name which
points elsewhere a moment later gains nothing.
"""

import re
import socket
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Thread
from urllib.parse import urlsplit

from django.conf import settings

LONGEST = 2000
"""Characters of an address."""
PATIENCE = 2.0
"""Seconds that a submission may wait for a name; what takes longer is checked when it is called back."""
NAME = re.compile(
    r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?"
)
PRINTABLE = re.compile(r"[!-~]+")
NAT64 = IPv6Network("64:ff9b::/96")


class BadAddress(ValueError):
    """Nothing is sent to this address, for the reason given in a sentence."""


@dataclass(frozen=True)
class Target:
    """An address in its parts."""

    tls: bool
    host: str
    port: int
    path: str
    """With the query."""

    @property
    def authority(self) -> str:
        """What the header ``Host`` says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def target_of(url: str) -> Target:
    """The parts of an address; raises ``BadAddress``."""
    if len(url) > LONGEST:
        raise BadAddress(f"A callback address has at most {LONGEST} characters.")
    if not PRINTABLE.fullmatch(url) or "\\" in url:
        raise BadAddress("A callback address holds ASCII without spaces; write names in punycode.")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise BadAddress("This is no address.") from None
    if parts.scheme not in ("http", "https"):
        raise BadAddress("A callback address begins with http:// or https://.")
    if "@" in parts.netloc:
        raise BadAddress("A callback address holds no user name or password.")
    if not (literal(host) or NAME.fullmatch(host)) or port == 0:
        raise BadAddress("This address names no host and port that can be called.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    tls = parts.scheme == "https"
    return Target(tls, host, port or (443 if tls else 80), path)


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that is written out, if it is one. A scope (``%eth0``) belongs to this machine alone."""
    try:
        return None if "%" in host else ip_address(host)
    except ValueError:
        return None


def public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address lies in the internet, in whatever it is wrapped."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped or address in NAT64:
            return public(IPv4Address(int(address) & 0xFFFFFFFF))
        inner = address.sixtofour or (address.teredo and address.teredo[1])
        if address.is_site_local or (inner and not public(inner)):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(target: Target) -> list[str]:
    """The addresses of the target, all checked; raises ``BadAddress``, or OSError if there is none."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise BadAddress(f"{target.host} is no name that can be resolved.") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not settings.WEBHOOK_PRIVATE_ADDRESSES:
        for address in addresses:
            if "%" in address or not public(ip_address(address)):
                raise BadAddress(f"{target.host} is an address of a private network, or none to call.")
    return addresses


def check(url: str) -> None:
    """Refuse at once what is known to be no address to call; raises ``BadAddress``.

    A name that cannot be resolved just now passes: it is looked up again when there is something to tell.
    """
    target = target_of(url)
    found: Future[list[str]] = Future()

    def look_up() -> None:  # in a thread, because a resolver may take its time
        try:
            found.set_result(resolve(target))
        except Exception as error:
            found.set_exception(error)

    Thread(target=look_up, name="resolver", daemon=True).start()
    try:
        found.result(PATIENCE)
    except (OSError, TimeoutError):
        return

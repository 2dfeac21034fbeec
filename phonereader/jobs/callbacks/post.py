"""One HTTP request of a callback: to a checked address, within seconds, and no further than the status.

No redirect is followed and no proxy of the environment is used, because both would lead past the check of the
address. The whole exchange has one time limit, which no answer that trickles in can stretch.
"""

import asyncio
import os
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

import h11

from phonereader.jobs.callbacks.address import Target

CONNECT_SECONDS, SECONDS = 4.0, 10.0
"""To connect to one address, and for everything."""
ADDRESSES = 3
"""Addresses of one name that are tried."""
LONGEST_HEAD = 16 * 1024
"""Bytes of the answer's status and headers; nothing behind them is read."""


class NoAnswer(Exception):
    """The receiver did not answer in HTTP; the message says why."""


@dataclass(frozen=True)
class Answer:
    status: int
    retry_after: str | None


def post(target: Target, addresses: Sequence[str], body: bytes, headers: Mapping[str, str]) -> Answer:
    """POST to the target at one of its ``addresses``; raises ``NoAnswer``."""
    try:
        return asyncio.run(_post(target, addresses[:ADDRESSES], body, headers))
    except TimeoutError:
        raise NoAnswer(f"no answer within {SECONDS:g} s") from None
    except h11.RemoteProtocolError as error:
        raise NoAnswer(f"the answer is no HTTP: {error}") from None
    except OSError as error:
        raise NoAnswer(str(error) or type(error).__name__) from None


async def _post(target: Target, addresses: Sequence[str], body: bytes, headers: Mapping[str, str]) -> Answer:
    async with asyncio.timeout(SECONDS):
        reader, writer = await _connect(target, addresses)
        try:
            return await _exchange(target, reader, writer, body, headers)
        finally:
            writer.transport.abort()


async def _connect(
    target: Target, addresses: Sequence[str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the first of the addresses that answers; the certificate must be the name's."""
    trouble: OSError = ConnectionError("the name has no address")
    for address in addresses:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await asyncio.open_connection(
                    address,
                    target.port,
                    ssl=_trust() if target.tls else None,
                    server_hostname=target.host.rstrip(".") if target.tls else None,
                )
        except TimeoutError:
            trouble = ConnectionError(f"no connection to {address} within {CONNECT_SECONDS:g} s")
        except ssl.SSLError as error:
            trouble = error
        except OSError as error:
            trouble = ConnectionError(os.strerror(error.errno) if error.errno else str(error))
    raise trouble


async def _exchange(
    target: Target,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    body: bytes,
    headers: Mapping[str, str],
) -> Answer:
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
    own = {"Host": target.authority, "Content-Length": str(len(body)), "Connection": "close"}
    request = h11.Request(method="POST", target=target.path, headers=list({**own, **headers}.items()))
    for part in (request, h11.Data(data=body), h11.EndOfMessage()):
        writer.write(http.send(part) or b"")
    with suppress(ConnectionError):  # who answers before it has read everything may hang up
        await writer.drain()
    read = 0
    while True:
        event = http.next_event()
        if isinstance(event, h11.Response):
            return Answer(event.status_code, dict(event.headers).get(b"retry-after", b"").decode("latin-1"))
        if event is h11.NEED_DATA:
            data = await reader.read(4096)
            read += len(data)
            if read > LONGEST_HEAD:
                raise NoAnswer(f"the answer has no status within {LONGEST_HEAD // 1024} KB")
            http.receive_data(data)
        elif isinstance(event, h11.ConnectionClosed):
            raise NoAnswer("the connection ended without an answer")


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()

"""What must hold before anything is started. Each failure is one line that names what to change."""

import copy
import fcntl
import os
import socket
import time

import redis
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from phonereader.jobs import bell
from phonereader.settings import ensure_data_dir

PATIENCE = 3.0
"""Seconds that a service may take to answer."""

FREE_WITHIN = 1.0
"""Seconds for which a port may still be taken, by what is left of an instance that was killed just now."""


class Problem(Exception):
    """A reason not to start."""


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def data_directory() -> None:
    """Make the directory and take its lock, which the kernel lets go of when this process ends."""
    try:
        path = ensure_data_dir() / "run.lock"
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except ImproperlyConfigured as error:
        raise Problem(one_line(error)) from None
    except OSError as error:
        raise Problem(f"The data directory {path.parent} cannot be written: {error.strerror}.") from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(fd, 20).decode()
        raise Problem(
            f"Phonereader already runs on the data directory {path.parent} (process {holder}); "
            "stop it, or set PHONEREADER_DATA_DIR to another directory."
        ) from None
    os.ftruncate(fd, 0)
    os.write(fd, str(os.getpid()).encode())


def bind(host: str, port: int) -> socket.socket:
    """The socket of the site, which outlives the processes that listen on it."""
    if port > 65535:  # the resolver would take what is left of it by 65536
        raise Problem(f"PORT must be at most 65535, not {port}.")
    end = time.monotonic() + FREE_WITHIN
    while True:
        listener = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            family, kind, protocol, _, address = found[0]
            listener = socket.socket(family, kind, protocol)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Inherited by each connection. Without it small answers wait 40 ms for the client's ACK.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            listener.bind(address)
            return listener
        except OSError as error:
            if listener is not None:
                listener.close()
            if time.monotonic() > end:
                raise Problem(
                    f"Cannot listen on {host} port {port}: {error.strerror} "
                    "(set PORT or HOST to another, or stop what uses it)."
                ) from None
            time.sleep(0.2)


def database() -> None:
    """One connection beside the pool, which would only report that it timed out."""
    config = copy.deepcopy(connections["default"].settings_dict)
    config["OPTIONS"].pop("pool", None)
    probe = type(connections["default"])(config, "preflight")
    place = config["NAME"]
    if config["HOST"]:
        place = f"{place} on {config['HOST']}:{config['PORT'] or 5432}"
    try:
        with probe.cursor() as cursor:
            # Takes SQLite's write lock, which a file that cannot be written refuses.
            cursor.execute("BEGIN IMMEDIATE" if probe.vendor == "sqlite" else "BEGIN")
            cursor.execute("ROLLBACK")
    except (DatabaseError, OSError) as error:
        raise Problem(f"The database {place} cannot be used (DATABASE_URL): {one_line(error)}") from None
    finally:
        probe.close()


def redis_server() -> None:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=None
    )
    try:
        client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise Problem(f"Redis cannot be reached (REDIS_URL): {one_line(error)}") from None
    finally:
        client.close()


def broker() -> None:
    connection = bell.connection(PATIENCE)
    try:
        connection.ensure_connection(max_retries=1, interval_start=0)
        connection.default_channel  # noqa: B018 (only this talks to a Redis)
    except Exception as error:  # each transport has its own
        where = connection.as_uri()  # without the password
        raise Problem(f"The broker {where} cannot be reached (BROKER_URL): {one_line(error)}") from None
    finally:
        connection.release()

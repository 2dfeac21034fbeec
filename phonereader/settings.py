"""Django settings: the one place where the environment is read.

Everything has a default that works on one machine with nothing else installed; docs/operating.md
lists the variables.
"""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured

from phonereader import env

django_stubs_ext.monkeypatch()  # lets Django's generic classes be written with their types

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("PHONEREADER_DATA_DIR", str(BASE_DIR / "var"))).absolute()
"""Whatever this machine keeps: the SQLite file, the secret key, the embedded Redis' socket, caches."""

PORT = env.integer("PORT", 8000, minimum=1)
if PORT > 65535:
    raise ImproperlyConfigured(f"PORT must be at most 65535, not {PORT}.")
HOST = env.text("HOST", "127.0.0.1")
DEBUG = env.boolean("DEBUG", False)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", [])


def unusable_data_dir(what: str, error: OSError) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"The data directory {DATA_DIR} cannot be {what}: {error.strerror}.")


def ensure_data_dir() -> Path:
    try:
        DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unusable_data_dir("made", error) from None
    return DATA_DIR


def own_secret_key() -> str:
    """A key made on first use and kept in the data directory; two processes that race agree on one."""
    path = ensure_data_dir() / "secret_key"
    try:
        if not path.exists():
            fresh = path.with_suffix(f".{os.getpid()}")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(50))
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_text()
    except OSError as error:
        raise unusable_data_dir("written", error) from None


SECRET_KEY = env.text("SECRET_KEY") or own_secret_key()

INSTALLED_APPS = [
    "phonereader.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "phonereader.jobs",
    "recognition",
    "training",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "phonereader.urls"
ASGI_APPLICATION = "phonereader.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database -----------------------------------------------------------------------------------

DATABASE_URL = env.text("DATABASE_URL")


def database() -> dict[str, Any]:
    if not DATABASE_URL:
        return sqlite(str(ensure_data_dir() / "phonereader.sqlite3"))
    config: dict[str, Any]
    try:
        config = dict(dj_database_url.parse(DATABASE_URL, conn_health_checks=True))
    except (ValueError, KeyError):
        raise ImproperlyConfigured("DATABASE_URL is no database address such as postgres://...") from None
    if config["ENGINE"] == "django.db.backends.sqlite3":
        return sqlite(str(config["NAME"]))
    if config["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must be postgres://... or sqlite:///...")
    # Under ASGI every request has its own thread, so connections are shared through a pool.
    pool = {"min_size": 0, "max_size": 8, "timeout": 5, "max_idle": 60}
    config["OPTIONS"] = {"connect_timeout": 3, **config.get("OPTIONS", {}), "pool": pool}
    return config


def sqlite(name: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        "TEST": {"NAME": f"{name}-test"},  # a file, too: in memory, SQLite locks otherwise than in service
        # An accepted job must survive a power cut: FULL syncs the WAL at each commit. IMMEDIATE takes
        # the write lock at BEGIN, where waiting for it works.
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        },
    }


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis and Celery ---------------------------------------------------------------------------


def embedded_redis_socket() -> Path:
    """The embedded Redis' socket: in the data directory, or a short path where that is too long for one."""
    path = DATA_DIR / "redis.sock"
    if len(str(path).encode()) <= 100:
        return path
    digest = hashlib.sha256(str(DATA_DIR).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"phonereader-{digest}.sock"


EMBEDDED_REDIS_SOCKET = None if env.text("REDIS_URL") else embedded_redis_socket()
REDIS_URL = env.text("REDIS_URL", f"unix://{EMBEDDED_REDIS_SOCKET}?db=0")
BROKER_URL = env.text("BROKER_URL", REDIS_URL)
if BROKER_URL.partition("://")[0] not in {"redis", "rediss", "unix", "amqp", "amqps"}:
    raise ImproperlyConfigured("BROKER_URL (or REDIS_URL) must be redis://..., unix://... or amqp://...")

QUEUE_RECOGNITION, QUEUE_TRAINING, QUEUE_TRANSFERS = "recognition", "training", "transfers"
QUEUE_UPKEEP = "upkeep"
JOB_QUEUES = {"recognition": QUEUE_RECOGNITION, "training": QUEUE_TRAINING, "transfer": QUEUE_TRANSFERS}
"""The queue of each kind of job."""

CELERY_BROKER_URL = BROKER_URL
if BROKER_URL.startswith("unix://"):
    # kombu's spelling of redis-py's address of a unix socket.
    CELERY_BROKER_URL = BROKER_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
if BROKER_URL.startswith("amqp"):
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"socket_timeout": 5, "connect_timeout": 3}
else:
    # Without timeouts a peer that falls silent (not closed: silent) hangs a worker for ever.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "socket_timeout": 5,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 5,
        "visibility_timeout": 3600,
    }
CELERY_BROKER_CONNECTION_TIMEOUT = 3
CELERY_BROKER_HEARTBEAT = 10
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_TASK_DEFAULT_QUEUE = QUEUE_UPKEEP
CELERY_TASK_ROUTES = {
    "recognition.*": {"queue": QUEUE_RECOGNITION},
    "training.*": {"queue": QUEUE_TRAINING},
    "transfers.*": {"queue": QUEUE_TRANSFERS},
    "jobs.*": {"queue": QUEUE_UPKEEP},
    "schedule.*": {"queue": QUEUE_UPKEEP},
}
# A message is only a doorbell: it is acknowledged when taken, and the job lives by its lease in the database.
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 120  # a child loads the network before it says that it is up
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 2.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
TASK_EVENTS = env.boolean("TASK_EVENTS", False)
"""Whether workers tell the broker of each task and of themselves, for Flower and its like."""
CELERY_WORKER_SEND_TASK_EVENTS = TASK_EVENTS
CELERY_DB_REUSE_MAX = 10**9  # the job runner closes connections itself, when they are broken
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # in memory: what it rings for is idempotent
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "jobs.sweep", "schedule": 5.0, "options": {"expires": 15}},
    "retrain": {"task": "schedule.check", "schedule": 60.0, "options": {"expires": 60}},
}

# --- Jobs ---------------------------------------------------------------------------------------

JOB_LEASE_SECONDS = env.integer("JOB_LEASE_SECONDS", 15, minimum=3)
JOB_MAX_ATTEMPTS = env.integer("JOB_MAX_ATTEMPTS", 5, minimum=1)
JOB_TIME_LIMITS = {  # seconds of one attempt
    "recognition": env.integer("RECOGNITION_TIME_LIMIT", 60, minimum=1),
    "training": env.integer("TRAINING_TIME_LIMIT", 6 * 3600, minimum=1),
    "transfer": env.integer("TRANSFER_TIME_LIMIT", 3600, minimum=1),
}
JOB_STOP_SECONDS = env.integer("JOB_STOP_SECONDS", 8, minimum=1)
JOB_WAITING_LIMIT = env.integer("JOB_WAITING_LIMIT", 10_000, minimum=1)
METRICS_TOKEN = env.text("METRICS_TOKEN")
WEBHOOK_PRIVATE_ADDRESSES = env.boolean("WEBHOOK_PRIVATE_ADDRESSES", False)
"""Whether callbacks may go to this machine, and to the network around it."""
SUBMIT_NEEDS_TOKEN = env.boolean("SUBMIT_NEEDS_TOKEN", False)
TRAINING_THREADS = env.integer("TRAINING_THREADS", os.cpu_count() or 1, minimum=1)
TRAINING_DATA = Path(folder) if (folder := env.text("PHONEREADER_TRAINING_DATA")) else None
ACTIVATE_PASSED = env.boolean("ACTIVATE_PASSED", False)
"""Whether a model version that passes the gate goes into service by itself."""
RECOGNITION_PROCESSES = env.integer("RECOGNITION_PROCESSES", max(1, (os.cpu_count() or 1) - 1), minimum=1)

# --- Uploads ------------------------------------------------------------------------------------

BODY_LIMIT = 8 * 1024 * 1024  # bytes of one request; refused before Django sees it, in phonereader.asgi
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_LIMIT
FILE_UPLOAD_MAX_MEMORY_SIZE = BODY_LIMIT  # never a temporary file, imports by staff apart
IMPORT_LIMIT = 64 * 1024 * 1024  # bytes of what staff upload to import; more goes by command

# --- Pages, API ---------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
SERVESTATIC_USE_FINDERS = True  # no collectstatic needed
SERVESTATIC_AUTOREFRESH = DEBUG
SERVESTATIC_MAX_AGE = 0 if DEBUG else 60

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
LOGIN_URL = "admin:login"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "phonereader.problems.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Phonereader",
    "DESCRIPTION": "Reads handwritten phone numbers. Each submission is a durable job that can be followed.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "ENUM_NAME_OVERRIDES": {
        "JobKind": "phonereader.jobs.states.Kind.choices",
        "ErrorKind": ["expected", "internal"],
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

LOG_FORMAT = env.text("LOG_FORMAT", "text")
if LOG_FORMAT not in {"text", "json"}:
    raise ImproperlyConfigured(f"LOG_FORMAT must be text or json, not {LOG_FORMAT!r}.")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {
            "()": "phonereader.logs.Text",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        },
        "json": {"()": "phonereader.logs.Json"},
    },
    "filters": {
        "context": {"()": "phonereader.logs.Context"},
        "errors": {  # a 503 is an answer, mostly of /readyz, and no error of the program
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: getattr(record, "status_code", None) != 503,
        },
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["errors", "context"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.access": {"handlers": [], "propagate": False},  # a proxy's work, and slow
        # Two lines a task, and the sweep is one every 5 s; a job's transitions are logged anyway.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}

"""The secret that a user's callbacks are signed with, so that their receiver knows who speaks."""

import base64
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone
from standardwebhooks import Webhook

from phonereader.jobs.models import WebhookSecret

OVERLAP = timedelta(days=1)
"""How long after a change the old secret signs, too."""


def fresh() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def secret_of(user: User) -> WebhookSecret:
    """The user's secret, made on first use."""
    made = {"secret": fresh(), "changed_at": timezone.now()}
    return WebhookSecret.objects.get_or_create(user=user, defaults=made)[0]


def rotate(user: User) -> WebhookSecret:
    """A new secret. Callbacks carry both signatures for a day, so that none is lost on the way."""
    now = secret_of(user)
    now.previous, now.secret, now.changed_at = now.secret, fresh(), timezone.now()
    now.save()
    return now


def signature(user: User, message_id: str, at: datetime, body: str) -> str:
    """What the header ``webhook-signature`` says of a message; ``at`` is in UTC."""
    now = secret_of(user)
    keys = [now.secret]
    if now.previous and at - now.changed_at < OVERLAP:
        keys.append(now.previous)
    return " ".join(Webhook(key).sign(message_id, at, body) for key in keys)

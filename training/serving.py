"""Putting a model version into service, with what the gate says of it; going back to the one before."""

from django.contrib.auth.models import User
from django.db import transaction

from recognition import registry
from recognition.models import Activation, ModelVersion
from training.models import Judgement


class Refused(ValueError):
    """The gate refused the version; the message is its sentence."""


class NothingBefore(ValueError):
    """There is no version to go back to."""


def judgement(model: ModelVersion) -> Judgement | None:
    """What the gate last said of a version; None of one that it has not seen."""
    return model.judgements.first()


@transaction.atomic
def activate(model: ModelVersion, by: User, reason: str, force: bool = False) -> Activation:
    """Put a version into service. Raises ``Refused`` for one that the gate refused, unless forced."""
    found = judgement(model)
    if found is not None and not found.passed and not force:
        raise Refused(found.sentence)
    if found is not None and not found.passed:
        reason = f"{reason} (forced: the gate refused it)".strip()
    return registry.activate(model, by=by.get_username(), reason=reason[:500])


@transaction.atomic
def roll_back(by: User, reason: str = "") -> Activation:
    """Put the version that was active before into service again. Raises ``NothingBefore``."""
    newest = Activation.objects.select_related("previous").defer("previous__weights").first()
    if newest is None or newest.previous is None:
        raise NothingBefore("No other version was active before.")
    reason = reason or f"rolled back from version {newest.model_id}"
    return registry.activate(newest.previous, by=by.get_username(), reason=reason[:500])

"""When a visitor deletes a drawing, unreviewed samples made from it go as well; reviewed ones stay."""

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from recognition.models import Submission
from training.samples import forget_unlabelled


@receiver(pre_delete, sender=Submission)
def forget(instance: Submission, **_kwargs: Any) -> None:
    forget_unlabelled(instance.pk)

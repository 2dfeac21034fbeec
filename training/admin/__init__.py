"""The admin of learning: reviewing, training runs, the registry of model versions, data in and out."""

from training.admin import registry, review, runs, samples, transfers

__all__ = ["registry", "review", "runs", "samples", "transfers"]

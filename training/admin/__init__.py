"""The admin of learning: training runs, the registry of model versions, data in and out."""

from training.admin import registry, runs, transfers

__all__ = ["registry", "runs", "transfers"]

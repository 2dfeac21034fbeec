"""The admin of learning: training runs, the registry of model versions."""

from training.admin import registry, runs

__all__ = ["registry", "runs"]

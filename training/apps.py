from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"

    def ready(self) -> None:
        from training import forgetting, worker  # noqa: F401 (connect themselves to signals)

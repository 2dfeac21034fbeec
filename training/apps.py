from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"

    def ready(self) -> None:
        from training import worker  # noqa: F401 (connects itself to Celery's signals)

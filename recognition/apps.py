from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RecognitionConfig(AppConfig):
    name = "recognition"

    def ready(self) -> None:
        from recognition import registry, worker  # noqa: F401 (worker connects itself to Celery's signals)

        post_migrate.connect(registry.ensure_shipped, sender=self)

from django.apps import AppConfig


class TroubleConfig(AppConfig):
    name = "tests.trouble"

    def ready(self) -> None:
        from phonereader.jobs.bell import TASKS
        from phonereader.jobs.states import Kind

        TASKS[Kind.TRANSFER] = "recognition.trouble"  # beside the numbers, in their queue and processes

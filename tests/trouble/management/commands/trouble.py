from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from phonereader.celery import app
from phonereader.jobs import lifecycle
from phonereader.jobs.states import Kind
from tests.trouble.tasks import Trouble


class Command(BaseCommand):
    help = "Queue a job that gives trouble, and print its id."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=[name for name in vars(Trouble) if not name.startswith("_")])

    def handle(self, *, what: str, **_options: Any) -> None:
        job = lifecycle.create(Kind.TRANSFER, caller=what)
        # As a later version of the program may ring: with an argument that this one does not know.
        app.send_task("recognition.trouble", args=[str(job.id)], kwargs={"of_a_later_version": True})
        self.stdout.write(str(job.id))

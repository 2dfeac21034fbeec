from typing import Any

from django.core.management.base import BaseCommand

from phonereader.jobs import sweeper


class Command(BaseCommand):
    help = "Recover jobs whose worker or doorbell was lost. Safe at any time, also twice at once."

    def handle(self, *args: Any, **options: Any) -> None:
        swept = sweeper.sweep("manage.py sweep")
        self.stdout.write(f"{swept.recovered} recovered, {swept.rung} rung for again")

"""`manage.py import_samples`: labelled drawings become samples."""

from argparse import ArgumentParser
from itertools import islice
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from training import samples
from training.formats.files import source_at
from training.formats.items import READ, BadFile
from training.incoming import Report, made, open_as
from training.samples import Reviewer

AT_ONCE = 200


class Command(BaseCommand):
    help = (
        "Take in labelled drawings from a folder, a zip archive or a file. It can be stopped and run again: "
        "the same ink is not taken in twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--format", choices=list(READ), required=True)
        parser.add_argument("--by", required=True, metavar="NAME", help="who answers for the labels")
        parser.add_argument(
            "--strict", action="store_true", help="take in nothing unless everything can be read"
        )

    def handle(self, **options: Any) -> None:
        reviewer = Reviewer(options["by"], User.objects.filter(username=options["by"]).first())
        report = Report()
        try:
            found = open_as(options["format"], source_at(options["path"]))
            with tqdm(total=found.about, unit="drawing", mininterval=0.5) as bar:
                fresh = made(found.entries, reviewer, report, options["strict"], bar.update)
                if options["strict"]:
                    fresh = iter(list(fresh))
                while batch := list(islice(fresh, AT_ONCE)):
                    report.taken_in(len(batch), samples.take_in_all(batch, reviewer))
        except BadFile as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError(f"Stopped: {report.words()} Run it again to go on.", returncode=130) from None
        for bad in report.bad:
            self.stderr.write(f"{bad['name']}: {bad['why']}")
        if report.bad_count > len(report.bad):
            self.stderr.write(f"and {report.bad_count - len(report.bad)} more")
        self.stdout.write(report.words())

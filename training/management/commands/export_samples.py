"""`manage.py export_samples`: the reviewed samples as one archive."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from training import outgoing
from training.formats.items import WRITTEN
from training.formats.known import WRITERS
from training.models import Sample


class Command(BaseCommand):
    help = "Write the reviewed samples as one zip archive. The same samples give the same bytes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=list(WRITTEN), required=True)
        parser.add_argument("--out", type=Path, required=True, metavar="FILE")
        parser.add_argument("--split", choices=Sample.Split.values, default="", help="only these")

    def handle(self, **options: Any) -> None:
        out: Path = options["out"]
        part = out.with_name(out.name + ".part")
        rows = outgoing.reviewed(options["split"])
        try:
            with part.open("w+b") as file, tqdm(total=rows.count(), unit="sample", mininterval=0.5) as bar:
                written = WRITERS[options["format"]](outgoing.items(rows, bar.update), file)
            part.replace(out)
        except OSError as error:
            raise CommandError(f"{out} cannot be written: {error.strerror}.") from None
        finally:
            part.unlink(missing_ok=True)
        for line in written.words:
            self.stdout.write(line)
        self.stdout.write(f"{written.count} samples written to {out}.")

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recognition import registry


class Command(BaseCommand):
    help = "Register a safetensors file as a new model version, after checking that it loads."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--activate", metavar="REASON", help="put it into service, for this reason")

    def handle(self, *args: Any, **options: Any) -> None:
        from recognition.reader.header import BadWeights
        from recognition.reader.weights import unpack

        file = options["file"]
        try:
            data = file.read_bytes()
            unpack(data)
            version = registry.add(data, origin=f"file {file.name}"[:200])
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
        except (BadWeights, registry.BadVersion) as error:
            raise CommandError(f"{file}: {error}") from None
        if options["activate"]:
            registry.activate(version, by="manage.py import_model", reason=options["activate"])
        self.stdout.write(f"{file} is {version}" + (", now active" if options["activate"] else ""))

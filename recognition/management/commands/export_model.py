from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recognition import registry
from recognition.models import ModelVersion


class Command(BaseCommand):
    help = "Write a model version (the active one unless --number says another) to a safetensors file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--number", type=int, help="the version's number")

    def handle(self, *args: Any, **options: Any) -> None:
        number, file = options["number"], options["file"]
        version = ModelVersion.objects.filter(version=number).first() if number else registry.active()
        if version is None:
            raise CommandError(f"There is no version {number}." if number else "No version is active.")
        part = file.with_name(file.name + ".part")
        try:
            part.write_bytes(bytes(version.weights))
            part.replace(file)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from None
        self.stdout.write(f"{version} -> {file} (SHA-256 {version.sha256})")

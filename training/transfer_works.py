"""The work of transfer jobs: imports and exports. Written with the job's end, whole or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from os import SEEK_END
from tempfile import TemporaryFile
from typing import Any

from phonereader.jobs.models import Job
from phonereader.jobs.runner import ExpectedError, Lease
from training import incoming, outgoing, samples
from training.formats import files
from training.formats.items import READ, WRITTEN, BadFile, Written
from training.formats.known import WRITERS
from training.models import Sample, Transfer
from training.samples import Reviewer

MOST_STORED = 256 * 2**20
"""Bytes of an export that the database is to hold."""


@dataclass(frozen=True)
class Gathered:
    made: list[tuple[Sample, str]]
    reviewer: Reviewer
    report: incoming.Report


class ImportSamples:
    """Read an uploaded file; its samples are added with the job's end, all or none."""

    def prepare(self) -> None:
        """Nothing."""

    def run(self, job: Job, lease: Lease) -> Gathered:
        row = transfer_of(job)
        reviewer = Reviewer(job.user.get_username() if job.user else job.caller or "import", job.user)
        report = incoming.Report()
        try:
            found = incoming.open_as(
                option(row, "format", READ), files.source(row.file_name, bytes(row.file or b""))
            )
            step = stepper(lease, found.about)
            strict = bool(row.options.get("strict"))
            return Gathered(
                list(incoming.made(found.entries, reviewer, report, strict, step)), reviewer, report
            )
        except BadFile as error:
            raise ExpectedError("bad_file", str(error)) from None

    def save(self, job: Job, outcome: Gathered) -> dict[str, Any]:
        outcome.report.taken_in(len(outcome.made), samples.take_in_all(outcome.made, outcome.reviewer))
        report = incoming.as_json(outcome.report)
        Transfer.objects.filter(job=job).update(report=report, file=None)
        return {key: report[key] for key in ("taken", "known", "bad_count", "words")}


class ExportSamples:
    """Write the reviewed samples as an archive, to be fetched from the transfer's page."""

    def prepare(self) -> None:
        """Nothing."""

    def run(self, job: Job, lease: Lease) -> tuple[bytes, Written, str]:
        row = transfer_of(job)
        name = option(row, "format", WRITTEN)
        rows = outgoing.reviewed(row.options.get("split") or "")
        step = stepper(lease, rows.count())
        with TemporaryFile() as file:
            written = WRITERS[name](outgoing.items(rows, step), file)
            if not written.count:
                raise ExpectedError("nothing", "There is no sample with a label to export.")
            if file.seek(0, SEEK_END) > MOST_STORED:
                detail = f"The archive is larger than {MOST_STORED // 2**20} MB; use the command."
                raise ExpectedError("too_large", detail)
            file.seek(0)
            return file.read(), written, outgoing.file_name(name, written.count)

    def save(self, job: Job, outcome: tuple[bytes, Written, str]) -> dict[str, Any]:
        data, written, name = outcome
        Transfer.objects.filter(job=job).update(report=outgoing.as_json(written), file=data, file_name=name)
        return {"count": written.count, "file": name}


def transfer_of(job: Job) -> Transfer:
    row = Transfer.objects.filter(job=job).first()
    if row is None:
        raise ExpectedError("gone", "The transfer was deleted.")
    return row


def option(row: Transfer, name: str, known: dict[str, str]) -> str:
    value = row.options.get(name)
    if value not in known:
        raise ExpectedError("bad_option", f"{name} must be one of {', '.join(known)}, not {value!r}.")
    return str(value)


def stepper(lease: Lease, total: int) -> Callable[[], None]:
    """To be called for each of about ``total`` steps: tells how far the work is, and heeds a cancel."""
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        lease.check(min(done / max(total, 1), 0.99))

    return step

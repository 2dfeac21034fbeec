"""Training a run: the work of a training job. It goes on from the last checkpoint after a worker was lost."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings

from phonereader.jobs.models import Job
from phonereader.jobs.runner import Cancelled, ExpectedError, Lease, LeaseLost
from recognition import registry
from training import gate, runs, samples
from training.data import MissingData, Sources, sources
from training.models import NO_DIGIT, Checkpoint, Judgement, Sample, TrainingRun

if TYPE_CHECKING:  # torch is loaded by workers only
    import torch

    from training.trainer import EpochReport, Glyphs, Outcome, Progress

SHARE = 0.2
"""The part of what is shown that reviewed samples make up, as far as MOST_TIMES lets them."""
MOST_TIMES = 12
"""A sample is shown at most so often in an epoch."""
TELL = 1.0
"""Seconds between two words about where a run stands."""


@dataclass
class Trained:
    """What a run yields: weights, and what the gate says of them."""

    run: TrainingRun
    weights: bytes
    verdict: gate.Verdict
    report: dict[str, Any]
    suspects: list[list[Any]]
    against: int | None


@dataclass
class TrainNetwork:
    """Train on the base data and the reviewed samples, judge the outcome, register it as a version."""

    stopped_by: Exception | None = None
    told: float = 0.0
    lines: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        import torch

        torch.set_num_threads(settings.TRAINING_THREADS)

    def run(self, job: Job, lease: Lease) -> Trained:
        from training.replay import base

        self.lease = lease
        self.row = TrainingRun.objects.select_related("job").defer("parent__weights").get(job=job)
        self.log(f"Attempt {job.attempt}: {self.row.architecture}, {self.row.get_start_display()}.")
        found = base(recorded(), settings.DATA_DIR / "cache", self.row.seed, lease.check)
        self.log(f"Base data: {found.words}; {len(found.train)} glyphs.")
        reviewed = self.reviewed()
        data = known_to(self.row.architecture, together(found.train, reviewed))
        holdout = of_samples(samples.labelled(Sample.Split.HOLDOUT))
        parent = self.parent()
        outcome = self.train(data, {**found.guards, **shown(holdout)}, parent)
        return self.judged(outcome, found.guards, holdout)

    def save(self, job: Job, outcome: Trained) -> dict[str, Any]:
        run = outcome.run
        version = registry.add(outcome.weights, origin=f"training run {job.id}", parent=run.parent)
        if not TrainingRun.objects.filter(model=version).exists():  # the same weights once more
            run.model = version
        run.live = {}
        run.log = "\n".join([*self.lines, outcome.verdict.sentence, f"Version {version.version}."])
        run.save(update_fields=["model", "live", "log"])
        Checkpoint.objects.filter(run=run).delete()
        Judgement.objects.create(
            model=version,
            against_id=outcome.against,
            passed=outcome.verdict.passed,
            sentence=outcome.verdict.sentence[:1000],
            report=outcome.report,
            suspects=outcome.suspects,
        )
        runs.ring_next()
        if outcome.verdict.passed and settings.ACTIVATE_PASSED:
            registry.activate(version, by="gate", reason=outcome.verdict.sentence)
        return {
            "model": {"version": version.version, "architecture": version.architecture},
            "gate": {"passed": outcome.verdict.passed, "sentence": outcome.verdict.sentence},
            "samples": run.snapshot["samples"],
        }

    # --- The steps of a run -----------------------------------------------------------------------

    def reviewed(self) -> Glyphs:
        found = runs.snapshot(self.row)
        samples.refresh_glyphs(sample for sample, _text in found)
        self.log(f"Reviewed samples: {len(found)}.")
        return glyphs_of([(sample, text) for sample, text in found])

    def parent(self) -> torch.nn.Module | None:
        from recognition.reader.header import BadWeights
        from recognition.reader.weights import unpack

        if self.row.parent_id is None:
            return None
        try:
            return unpack(registry.weights_of(self.row.parent_id))[0]
        except (registry.BadVersion, BadWeights) as error:
            raise ExpectedError("parent", str(error)) from None

    def train(self, data: Glyphs, tune: dict[str, Glyphs], parent: torch.nn.Module | None) -> Outcome:
        from training.trainer import Stopped, train

        row = self.row
        with TemporaryDirectory(prefix="phonereader-") as folder:
            path = Path(folder) / "checkpoint"
            kept = Checkpoint.objects.filter(run=row).first()
            if kept is not None:
                path.write_bytes(bytes(kept.data))
                self.log(f"Going on after epoch {kept.epoch}.")
            row.curve = row.curve[: kept.epoch if kept else 0]
            started, first = time.monotonic(), -1

            def on_batch(progress: Progress) -> bool:
                nonlocal first
                if first < 0:
                    first = progress.step - 1
                part = (progress.step - first) / (progress.steps - first)
                left = (time.monotonic() - started) * (1 - part) / part
                return self.goes_on(progress, left)

            def on_epoch(report: EpochReport) -> None:
                row.curve = [*row.curve[: report.epoch - 1], asdict(report)]
                TrainingRun.objects.filter(job_id=row.job_id).update(curve=row.curve)
                self.keep(path, report.epoch)

            try:
                return train(
                    runs.settings_of(row),
                    data,
                    tune,
                    path,
                    kept is not None,
                    on_batch,
                    on_epoch,
                    parent,
                )
            except Stopped:
                if not isinstance(self.stopped_by, Cancelled | LeaseLost):
                    self.keep(path, len(row.curve))  # handed back: go on from this very batch
                raise self.stopped_by or Cancelled() from None

    def judged(
        self, outcome: Outcome, guards: dict[str, Glyphs], holdout: tuple[Glyphs, list[int]]
    ) -> Trained:
        from recognition.reader.reader import Reader
        from recognition.reader.weights import pack
        from training.judging import JudgedBy, judge, suspects
        from training.report import certainty

        self.log("Judging.")
        meta = {
            "architecture": self.row.architecture,
            **certainty(outcome.network, self.row.architecture, guards),
            "seed": str(self.row.seed),
            "epochs": str(self.row.epochs),
        }
        candidate = Reader(pack(outcome.network, meta))
        current = registry.active()
        before = None
        if current is not None:
            try:
                before = registry.load(current.version)
            except registry.BadVersion as error:
                self.log(f"Nothing to compare with: {error}")
        sets = [JudgedBy(name, part.glyphs, part.labels) for name, part in guards.items()]
        sets.append(JudgedBy("reviewed holdout", holdout[0].glyphs, holdout[0].labels, holdout[1]))
        report, pairs = judge(candidate, before, sets, self.lease.check)
        self.lease.check()
        known, ids = of_samples(Sample.objects.exclude(digit="").defer("strokes", "picture"))
        doubted = suspects(candidate, JudgedBy("reviewed", known.glyphs, known.labels, ids))
        meta |= {f"accuracy, {name}": f"{found['accuracy']:.4f}" for name, found in report.items()}
        if before is None:
            verdict = gate.Verdict(True, "Passed: there is no active model to be compared with.")
        else:
            verdict = gate.verdict(pairs)
        against = current.version if current is not None and before is not None else None
        return Trained(self.row, pack(outcome.network, meta), verdict, report, doubted, against)

    # --- Staying in touch ---------------------------------------------------------------------------

    def goes_on(self, progress: Progress, left: float) -> bool:
        """Whether to go on; tells where the run stands."""
        try:
            self.lease.check(progress.step / progress.steps)
        except Exception as wish:  # cancelled, handed back, or no longer ours: the trainer stops first
            self.stopped_by = wish
            return False
        if time.monotonic() - self.told < TELL:
            return True
        self.told = time.monotonic()
        per_epoch = progress.steps // self.row.epochs
        live = {
            "epoch": min((progress.step - 1) // per_epoch + 1, self.row.epochs),
            "batch": (progress.step - 1) % per_epoch + 1,
            "batches": per_epoch,
            "loss": round(progress.loss, 4),
            "seconds_left": round(left),
        }
        TrainingRun.objects.filter(job_id=self.row.job_id).update(live=live)
        return True

    def keep(self, path: Path, epoch: int) -> None:
        if path.exists():
            Checkpoint.objects.update_or_create(
                run=self.row, defaults={"data": path.read_bytes(), "epoch": epoch}
            )

    def log(self, line: str) -> None:
        self.lines.append(f"{time.strftime('%H:%M:%S', time.gmtime())} {line}")
        TrainingRun.objects.filter(job_id=self.row.job_id).update(log="\n".join(self.lines))


def recorded() -> Sources | None:
    """Full MNIST and recorded writers, where a folder is named."""
    if settings.TRAINING_DATA is None:
        return None
    try:
        return sources(settings.TRAINING_DATA)
    except MissingData as error:
        raise ExpectedError("data", str(error)) from None


# --- Samples as glyphs ----------------------------------------------------------------------------


def glyphs_of(pairs: Sequence[tuple[Sample, str]]) -> Glyphs:
    """The glyphs of samples, with labels as the network knows them."""
    from recognition.reader.networks import NO_DIGIT as REFUSED
    from training.trainer import Glyphs

    glyphs = np.frombuffer(b"".join(bytes(sample.glyph) for sample, _text in pairs), np.uint8)
    labels = [REFUSED if text == NO_DIGIT else int(text) for _sample, text in pairs]
    return Glyphs(glyphs.reshape(-1, 28, 28).copy(), np.array(labels, np.int64))


def of_samples(rows: Iterable[Sample]) -> tuple[Glyphs, list[int]]:
    """The glyphs of samples by their present labels, and the samples' ids."""
    found = list(rows)
    samples.refresh_glyphs(found)
    return glyphs_of([(sample, sample.digit) for sample in found]), [sample.pk for sample in found]


def shown(holdout: tuple[Glyphs, list[int]]) -> dict[str, Glyphs]:
    """The reviewed holdout as a curve of its own, when there is one."""
    return {"reviewed holdout": holdout[0]} if len(holdout[0]) else {}


def known_to(architecture: str, data: Glyphs) -> Glyphs:
    """Without the boxes that hold no digit, for a network that has no answer for them."""
    from recognition.reader.networks import NO_DIGIT as REFUSED
    from recognition.reader.networks import REFUSING
    from training.trainer import Glyphs

    if architecture in REFUSING:
        return data
    digits = data.labels != REFUSED
    return Glyphs(data.glyphs[digits], data.labels[digits])


def together(base: Glyphs, reviewed: Glyphs) -> Glyphs:
    """Base and reviewed samples in one, these so often that a few hundred matter."""
    from training.trainer import Glyphs

    if not len(reviewed):
        return base
    wanted = SHARE * len(base) / (1 - SHARE) / len(reviewed)
    times = int(min(MOST_TIMES, max(1, round(wanted))))
    return Glyphs(
        np.concatenate([base.glyphs, *[reviewed.glyphs] * times]),
        np.concatenate([base.labels, *[reviewed.labels] * times]),
    )

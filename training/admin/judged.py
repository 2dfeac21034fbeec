"""A judgement as the page of a version shows it: figures, confusion matrices, pictures of the errors."""

import base64
from typing import Any

from django.http import QueryDict

from recognition import pictures
from training.models import Judgement, Sample

SHOWN = 60
"""Errors of a set that are shown at once."""
REFUSED = 10
"""The answer, and the label, that stand for no digit."""


def sets_of(judgement: Judgement | None, query: QueryDict) -> list[dict[str, Any]]:
    """The sets of a judgement; one of them with the errors of one cell only, when the query names it."""
    if judgement is None:
        return []
    return [_set(name, found, query) for name, found in judgement.report.items()]


def _set(name: str, found: dict[str, Any], query: QueryDict) -> dict[str, Any]:
    slug = "".join(letter if letter.isalnum() else "-" for letter in name)
    errors = found["errors"]
    filtered = ""
    if query.get("set") == slug:
        label, answer = query.get("label", ""), query.get("answer", "")
        errors = [e for e in errors if (_label(e["label"]), _answer(e["answer"])) == (label, answer)]
        filtered = f"{label} taken for {answer}: {len(errors)}."
    percent = {key: f"{100 * found[key]:.2f}" for key in ("accuracy", "low", "high", "ece")}
    return {
        "name": name,
        "slug": slug,
        "count": found["count"],
        "right": found["right"],
        "refused": found["refused"],
        "percent": percent,
        "compared": "before" in found,
        "gained": found.get("gained"),
        "lost": found.get("lost"),
        "matrix": _matrix(found["confusion"]),
        "filtered": filtered,
        "errors": _errors(errors[:SHOWN]),
        "more": max(0, len(errors) - SHOWN),
    }


def _matrix(confusion: list[list[int]]) -> list[dict[str, Any]]:
    wrong = [n for row, counts in enumerate(confusion) for column, n in enumerate(counts) if row != column]
    most = max(1, *wrong)
    return [
        {
            "label": row,
            "cells": [
                {
                    "count": count,
                    "right": row == column,
                    "strength": 0 if row == column else round(count / most, 2),
                    "answer": _answer(column),
                }
                for column, count in enumerate(counts)
            ],
        }
        for row, counts in enumerate(confusion)
    ]


def _errors(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = [error["sample"] for error in errors if "sample" in error]
    glyphs = dict(Sample.objects.filter(id__in=ids).values_list("id", "glyph"))
    shown = []
    for error in errors:
        sample = error.get("sample")
        glyph = glyphs.get(sample) if sample else base64.b64decode(error["glyph"])
        shown.append({
            "sample": sample if sample in glyphs else None,
            "label": _label(error["label"]),
            "answer": _answer(error["answer"]),
            "percent": f"{100 * error['confidence']:.0f}",
            "picture": pictures.of_glyph(glyph, 56),
        })  # fmt: skip
    return shown


def _label(label: int) -> str:
    return "-" if label == REFUSED else str(label)


def _answer(answer: int) -> str:
    return "?" if answer == REFUSED else str(answer)

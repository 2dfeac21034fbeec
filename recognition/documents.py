"""The shapes of the recognition API: what may be sent, and the result of a reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from recognition.reader.number import Number, Suggestion

if TYPE_CHECKING:  # the web process uses this module, and never imports torch
    from recognition.reader.reader import BoxReading


class SentBoxSerializer(serializers.Serializer[dict[str, Any]]):
    """Either strokes, with the canvas they were drawn on, or an image."""

    strokes = serializers.ListField(
        child=serializers.ListField(child=serializers.ListField(child=serializers.FloatField())),
        required=False,
        help_text="Points [x, y], [x, y, t] or [x, y, t, pressure]; y points down. [] is a blank box.",
    )
    width = serializers.FloatField(required=False, help_text="Of the canvas; 280 unless given")
    height = serializers.FloatField(required=False, help_text="Of the canvas; 280 unless given")
    brush = serializers.FloatField(required=False, help_text="Diameter of the pen; 16 unless given")
    image = serializers.CharField(required=False, help_text="A picture file in base64")


class SubmissionSerializer(serializers.Serializer[dict[str, Any]]):
    boxes = SentBoxSerializer(many=True, help_text="1 to 15, in reading order")
    region = serializers.CharField(required=False, help_text="Hint: ISO 3166-1 alpha-2, such as US")
    callback_url = serializers.CharField(
        required=False, help_text="With a token: the job is POSTed there when it has ended, signed"
    )
    contribute = serializers.BooleanField(
        required=False, help_text="May be used for training; false unless set"
    )
    priority = serializers.ChoiceField(
        ["interactive", "bulk"], required=False, help_text="bulk gives way to all that is not"
    )


class CorrectionSerializer(serializers.Serializer[dict[str, Any]]):
    digits = serializers.CharField(help_text="One character a box, in order; - for no digit")


def result_document(
    number: Number, readings: Sequence[BoxReading], version: int, architecture: str
) -> dict[str, Any]:
    """The ``result`` of a recognition job."""
    return {
        "digits": number.digits,
        "e164": number.e164,
        "formatted": number.formatted,
        "valid": number.valid,
        "region": number.region,
        "confidence": rounded(number.confidence),
        "suggestion": suggestion_document(number.suggestion),
        "boxes": [
            {
                "position": position,
                "state": reading.state,
                "digit": reading.digit,
                "confidence": rounded(reading.confidence),
                "alternatives": [
                    {"digit": digit, "confidence": rounded(confidence)}
                    for digit, confidence in reading.alternatives
                ],
            }
            for position, reading in enumerate(readings, 1)
        ],
        "model": {"version": version, "architecture": architecture},
    }


def suggestion_document(suggestion: Suggestion | None) -> dict[str, Any] | None:
    if suggestion is None:
        return None
    return {
        **asdict(suggestion),
        "confidence": rounded(suggestion.confidence),
        "changed": list(suggestion.changed),
    }


def rounded(confidence: float | None) -> float | None:
    return None if confidence is None else round(confidence, 5)

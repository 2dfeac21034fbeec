"""Phonereader: reads handwritten phone numbers, and learns from every correction."""

from phonereader.celery import app as celery_app

__all__ = ["celery_app"]

"""The composition root: it knows everybody, and nobody imports it."""

from settings.celery import app as celery_app

__all__ = ["celery_app"]

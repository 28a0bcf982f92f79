"""Every middleware on, as in production; the machine's own servers, and no TLS in front."""

from settings.base import *  # noqa: F403
from settings.logs import logging

SECRET_KEY = "benchmarks-only"
ALLOWED_HOSTS = ["127.0.0.1"]
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = None
LOGGING = logging(style="console", level="WARNING")

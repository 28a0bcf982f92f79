"""The shop as a visitor of production gets it: no DEBUG, static files hashed, compressed and kept; no TLS in front."""

from settings.base import *  # noqa: F403
from settings.env import envlist, envstr
from settings.logs import logging

SECRET_KEY = "benchmarks-only"
ALLOWED_HOSTS = envlist("ALLOWED_HOSTS")
STATIC_ROOT = envstr("BENCH_STATIC_ROOT")
LOGGING = logging(style="console", level="WARNING")

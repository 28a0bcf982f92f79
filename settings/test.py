"""The test run: real servers, cheap password hashing, nothing else different."""

import tempfile

from settings.base import *
from settings.logs import logging

SECRET_KEY = "test-only-secret"
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
DATABASES["default"]["ENGINE"] = "tests.postgres"
DATABASES["default"]["CONN_MAX_AGE"] = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DOCUMENTS = tempfile.TemporaryDirectory(prefix="guildhall-documents-")  # gone when the run ends
STORAGES["documents"]["OPTIONS"]["location"] = DOCUMENTS.name
PICTURES = tempfile.TemporaryDirectory(prefix="guildhall-pictures-")  # gone when the run ends
STORAGES["pictures"]["OPTIONS"]["location"] = PICTURES.name
EXPORTS = tempfile.TemporaryDirectory(prefix="guildhall-exports-")  # gone when the run ends
STORAGES["exports"]["OPTIONS"]["location"] = EXPORTS.name
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT = None
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
SHELL_KEPT_SECONDS = FIGURES_KEPT_SECONDS = 0  # a test sees what it has just written
NODE_BACKOFF_SECONDS = 0  # a test that is about the rest of a provider sets it
ACCOUNT_RATE_LIMITS = False
LOGGING = logging(style="console", level="WARNING")

"""A developer's machine: the stack of bin/up."""

from settings.base import *
from settings.logs import logging

DEBUG = True
ROOT_URLCONF = "settings.urls_dev"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
SECRET_KEY = SECRET_KEY or "development-only-secret"
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = None  # the finders serve; nothing is collected
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
WHITENOISE_MAX_AGE = envint("STATIC_KEPT_SECONDS", 0)  # what is edited shows at the next look
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"  # read them at /mail/
EMAIL_FILE_PATH = envstr("EMAIL_FILE_PATH", str(BASE_DIR / ".run" / "mail"))
LOGGING = logging(style=envstr("LOG_FORMAT", "console"))

# A local chain makes a block a second. Its node sometimes keeps a transaction back, and with it all that follow: sent
# again at a higher fee, they go on.
for _chain in CHAINS.values():
    _chain["bump_seconds"] = 12.0

"""Production: everything from the environment, and a refusal to start on anything unsafe."""

from settings.base import *
from settings.logs import logging
from settings.refuse import refuse_unsafe

DEBUG = envbool("DEBUG")
SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
ALLAUTH_TRUSTED_PROXY_COUNT = envint("TRUSTED_PROXY_COUNT", 1)
CSRF_TRUSTED_ORIGINS = [BASE_URL]
LOGGING = logging(style=envstr("LOG_FORMAT", "json"))

refuse_unsafe(globals())

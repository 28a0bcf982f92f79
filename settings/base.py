"""What every way of running Guildhall shares."""

from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF

from settings.env import database, envbool, envint, envlist, envsecret, envstr
from settings.onchain import *  # noqa: F403  (settings too)
from settings.rest import REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401  (settings too)

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = envsecret("SECRET_KEY", "")
DEBUG = False
ALLOWED_HOSTS = envlist("ALLOWED_HOSTS")
BASE_URL = envstr("BASE_URL", "http://127.0.0.1:8000")
LIVE_URL = envstr("LIVE_URL", BASE_URL)

INSTALLED_APPS = [
    "marketplace.accounts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "channels",
    "csp",
    "django_countries",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "template_partials",
    "chain",
    "marketplace.tenancy",
    "marketplace.audit",
    "marketplace.organizations",
    "marketplace.catalog",
    "marketplace.subscriptions",
    "marketplace.escrow",
    "marketplace.gateway",
    "marketplace.moderation",
    "marketplace.reviews",
    "marketplace.disputes",
    "marketplace.notifications",
    "marketplace.privacy",
    "governance",
    "settings",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "settings.middleware.languages",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "marketplace.accounts.middleware.tried_too_often",
    "django_htmx.middleware.HtmxMiddleware",
    "settings.middleware.private_answers",
    "settings.middleware.Refusals",
]

ROOT_URLCONF = "settings.urls"
WSGI_APPLICATION = "settings.wsgi.application"
ASGI_APPLICATION = "settings.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            # Its own tag would draw the icon anew wherever it stands.
            "libraries": {"lucide": "settings.templatetags.icons", "i18n": "settings.templatetags.words"},
            "builtins": ["settings.templatetags.words"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "settings.context.market",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES: dict[str, Any] = {
    # The asynchronous process serves from many threads, so it shares a pool; every other keeps one connection.
    "default": {**database(envsecret("DATABASE_URL"), pool={"min_size": 1, "max_size": 10}), "CONN_MAX_AGE": 0}
    if envbool("DATABASE_POOL")
    else {**database(envsecret("DATABASE_URL")), "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True},
}
if owner_url := envsecret("DATABASE_OWNER_URL", ""):
    DATABASES["owner"] = database(owner_url)
DATABASE_SYS_ROLE = envstr("DATABASE_SYS_ROLE", "guildhall_sys")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = envsecret("REDIS_URL")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
# The layer waits for messages in blocking reads of its own, which a time-out of the socket would cut off.
LAYER_HOST = {"address": REDIS_URL, "socket_timeout": None}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [LAYER_HOST]}}}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

# --- people -------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
ACCOUNT_ADAPTER = "marketplace.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_FORMS = {
    "login": "marketplace.accounts.forms.SignInForm",
    "signup": "marketplace.accounts.forms.SignUpForm",
    "reset_password": "marketplace.accounts.forms.ResetForm",
    "reset_password_from_key": "marketplace.accounts.forms.NewPasswordForm",
    "change_password": "marketplace.accounts.forms.ChangePasswordForm",
    "add_email": "marketplace.accounts.forms.ChangeEmailForm",
    "reauthenticate": "marketplace.accounts.forms.PasswordAgainForm",
    "confirm_login_code": "marketplace.accounts.forms.MailedCodeForm",
}
# The address is confirmed before the first sign-in: only so does signing up look the same when it is taken.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 900
# The tries that fail, for what is tried and from where; see marketplace/accounts/throttle.py. The rest bounds floods.
ACCOUNT_RATE_LIMITS: Any = {
    "sign_in": "5/15m/key",
    "sign_in_place": "50/15m/key",
    "sign_in_anywhere": "20/15m/key",
    "wallet": "5/15m/key",
    "wallet_message": "60/15m/key",
    "login_failed": "5/15m/key",
    "reset_password": "40/15m/ip,5/15m/key",
    "reset_password_from_key": "40/15m/ip",
    "signup": "60/15m/ip",
    "login": "200/15m/ip",
    "reauthenticate": "5/15m/user",
    "change_password": "5/15m/user",
    "manage_email": "10/15m/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = envint("TRUSTED_PROXY_COUNT", 0)
ALLAUTH_RATE_LIMIT_IPV6_PREFIX = 48
MFA_ADAPTER = "marketplace.accounts.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "marketplace.accounts.forms.CodeForm",
    "reauthenticate": "marketplace.accounts.forms.CodeAgainForm",
    "activate_totp": "marketplace.accounts.forms.ActivateForm",
    "add_webauthn": "marketplace.accounts.forms.AddPasskeyForm",
    "edit_webauthn": "marketplace.accounts.forms.RenamePasskeyForm",
    "login_webauthn": "marketplace.accounts.forms.PasskeySignInForm",
    "authenticate_webauthn": "marketplace.accounts.forms.PasskeyStepForm",
    "reauthenticate_webauthn": "marketplace.accounts.forms.PasskeyAgainForm",
}
SECOND_FACTOR_HOOK = "marketplace.accounts.factors.second_factor"
FRESH_HOOK = "marketplace.accounts.factors.be_fresh"
WALLET_USES_HOOK = "marketplace.organizations.access.paid_to"
GOVERNANCE_DOOR = "marketplace.tenancy.door.public"
GOVERNANCE_PLACE = "marketplace.accounts.throttle.network"
GOVERNANCE_OPERATOR_DOOR = "marketplace.tenancy.door.moderator"
VOTE_APPROVAL_HOOK = "marketplace.organizations.votes.approval"
VOTE_PROPOSAL_HOOK = "governance.approving.told"
APPEAL_HOOK = "governance.appealing.begin"
APPEAL_STANDING_HOOK = "governance.appealing.standing"
KEY_HOOK = "marketplace.gateway.keys.holder"
MEMBERSHIP_HOOK = "marketplace.organizations.access.membership"
LOGIN_REDIRECT_URL = "organizations:mine"
LOGIN_URL = "account_login"
ACCOUNT_LOGOUT_REDIRECT_URL = "landing"

# --- answers ------------------------------------------------------------------------------------------------------
LIVE_WS_URL = LIVE_URL.replace("http", "ws", 1)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF, LIVE_WS_URL],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# How old the fee and the shelves in the frame of a page may be.
SHELL_KEPT_SECONDS = 2
# The same for the figures of the front page.
FIGURES_KEPT_SECONDS = 30
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
MOST_UPLOADED = 16 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "settings.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
STATIC_URL = "/static/"
STATIC_ROOT: Path | None = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
ON_DISK = "django.core.files.storage.FileSystemStorage"
# No address leads there: a view streams each file to those who may have it.
UNSHARED = {"base_url": None, "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
EXPORTS_DIR = envstr("EXPORTS_DIR", str(BASE_DIR / ".run" / "exports"))
DOCUMENTS_DIR = envstr("DOCUMENTS_DIR", str(BASE_DIR / ".run" / "documents"))
PICTURES_DIR = envstr("PICTURES_DIR", str(BASE_DIR / ".run" / "pictures"))
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": ON_DISK},
    "exports": {"BACKEND": ON_DISK, "OPTIONS": {"location": EXPORTS_DIR, **UNSHARED}},
    "documents": {"BACKEND": ON_DISK, "OPTIONS": {"location": DOCUMENTS_DIR, **UNSHARED}},
    "pictures": {"BACKEND": ON_DISK, "OPTIONS": {"location": PICTURES_DIR, **UNSHARED}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("id", "Bahasa Indonesia")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["settings.formats"]
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True

SEALING_KEY = envsecret("SEALING_KEY", "")
DEMO_TOOLS_URL = envstr("DEMO_TOOLS_URL", "")
# host:port that the gateway may call although it is not public; production refuses any.
GATEWAY_TRUSTED_HOSTS = [DEMO_TOOLS_URL.rpartition("//")[2].rstrip("/")] if DEMO_TOOLS_URL else []
# host:port of the name server that is asked about domains; empty: those of the system.
DNS_RESOLVER = envstr("DNS_RESOLVER", "")

# --- e-mail -------------------------------------------------------------------------------------------------------
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = envstr("EMAIL_HOST", "")
EMAIL_PORT = envint("EMAIL_PORT", 587)
EMAIL_HOST_USER = envstr("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = envsecret("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = envbool("EMAIL_USE_TLS", True)
EMAIL_TIMEOUT = 20
ADMINS = [("Operator", address) for address in envlist("OPERATOR_EMAILS")]  # told of alarms
EMAIL_SUBJECT_PREFIX = "Guildhall alarm: "
SERVER_EMAIL = envstr("DEFAULT_FROM_EMAIL", "Guildhall <guildhall@localhost>")
DEFAULT_FROM_EMAIL = envstr("DEFAULT_FROM_EMAIL", "Guildhall <guildhall@localhost>")
SILENCED_SYSTEM_CHECKS = ["account.W001", "templates.W003"]  # W003: `i18n` names our own tags everywhere

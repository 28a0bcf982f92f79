"""Read the environment: one function a type, each naming the variable in its complaint."""

import json
import os
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict


def envstr(name: str, default: str | None = None) -> str:
    """The text of `name`; raises ImproperlyConfigured when it is missing and has no default."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set {name} in the environment.")
    return value


def envbool(name: str, default: bool = False) -> bool:
    """True for 1, true, yes and on; False for 0, false, no, off and an empty text."""
    value = os.environ.get(name, str(default)).strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"", "0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")


def envint(name: str, default: int) -> int:
    """The whole number in `name`."""
    value = os.environ.get(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def envlist(name: str, default: str = "") -> list[str]:
    """The comma-separated items of `name`, without empty ones."""
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


def envsecret(name: str, default: str | None = None) -> str:
    """A secret: from `name`, or from the file that `name`_FILE points to."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    return envstr(name, default)


def chains(name: str) -> dict[str, dict[str, Any]]:
    """Further chains: the JSON file that `name` points to, {CAIP-2 id: options}; none without it."""
    path = os.environ.get(name)
    if not path:
        return {}
    with open(path, encoding="utf-8") as file:
        found: Any = json.load(file)
    entries = found.values() if isinstance(found, dict) else [None]
    if any(not isinstance(entry, dict) or not {"rpc_url", "confirmations"} <= entry.keys() for entry in entries):
        raise ImproperlyConfigured(f'{name} must hold {{"eip155:10": {{"rpc_url": …, "confirmations": …}}, …}}.')
    return dict(found)


def database(url: str, **options: Any) -> dict[str, Any]:
    """Django's database settings for a PostgreSQL URL (libpq's own syntax, parsed by libpq)."""
    if not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured("PostgreSQL is the only database: the URL must start with postgresql://.")
    parts = {key: value for key, value in conninfo_to_dict(url).items() if value is not None}
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    settings: dict[str, Any] = {django: str(parts.pop(libpq)) for libpq, django in names.items() if libpq in parts}
    return {"ENGINE": "settings.database", **settings, "OPTIONS": {**parts, **options}}

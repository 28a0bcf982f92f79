"""The peer: django-oscar as its own sandbox sets it up, on the same kind of server and the same PostgreSQL."""

import subprocess
import sys
from pathlib import Path

import psycopg

from settings.local.rundir import ROOT

SOURCE = ROOT / "benchmarks" / "oscar"
PACKAGES = [
    "django-oscar==4.2.1",
    "django>=5.2,<5.3",
    "easy-thumbnails>=2.9,<2.11",
    "sorl-thumbnail>=12.10,<13",
    "Whoosh==2.7.4",
    "psycopg[binary]",
    "granian",
    "whitenoise",
    "setuptools<81",
]
# Its list reads a Whoosh index, whose time grows with the shop: fewer products are in its favour.
PRODUCTS = 2_000


def installed() -> str:
    """The Python of an environment of its own, made at the first call."""
    target = ROOT / ".run" / "bench" / "oscar"
    python = target / "bin" / "python"
    if not (target / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(target)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (target / "complete").touch()
    return str(python)


def filled(env: dict[str, str], folder: Path) -> dict[str, str]:
    """A database and an index with PRODUCTS products; the environment that names them."""
    with psycopg.connect(env["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("CREATE DATABASE oscar")
    place = psycopg.conninfo.conninfo_to_dict(env["DATABASE_OWNER_URL"])
    given = {name.upper(): str(place[name]) for name in ("user", "password", "host", "port")}
    media = folder / "oscar"
    media.mkdir()
    made = {**env, **{f"OSCAR_{name}": value for name, value in given.items()}, "OSCAR_FOLDER": str(media)}
    made |= {"DJANGO_SETTINGS_MODULE": "oscar_settings", "PYTHONPATH": str(SOURCE)}
    subprocess.run([installed(), "oscar_fill.py", str(PRODUCTS)], cwd=SOURCE, env=made, check=True)
    return made

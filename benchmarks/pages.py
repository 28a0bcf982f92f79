"""Pages of the shop with 100,000 listings: CPU a request, beside a bare Django list on the same server."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg

from benchmarks import Result
from benchmarks import _cpu as cpu
from settings.local import services

LISTINGS = 100_000
FILL = """
INSERT INTO organizations_organization (name, slug, country, about, website, payout_address, state, intention, created_at,
    verified_at, checked)
    SELECT 'Workshop ' || i, 'workshop-' || i, 'DE', '', '', '', 'verified', 'sell', now(), now(), 'register'
    FROM generate_series(1, 500) i;
INSERT INTO catalog_category (slug, name, summary, icon, position)
    SELECT 'shelf-' || i, 'Shelf ' || i, 'Things of kind ' || i, 'box', i FROM generate_series(1, 8) i
    ON CONFLICT DO NOTHING;
INSERT INTO catalog_currency
    (chain, address, symbol, name, decimals, eip712_version, takes_authorization, takes_permit, accepted)
    VALUES ('eip155:31337', '0x5FbDB2315678afecb367f032d93F642f64180aa3', 'TUSD', 'Test Dollar', 6, '1', true, true, true);
INSERT INTO catalog_listing (org_id, slug, state, version_number, content_hash, name, summary, description, category_id,
    input_schema, output_schema, example, kind, kind_facts, model_name, languages, data_sent, region, retention_days,
    subprocessors, trial_calls, trial_calls_a_day, created_at, published_at, updated_at)
    SELECT o.id, 'tool-' || i, 'public', 1, '0x' || md5(i::text) || md5((i + 1)::text),
        (ARRAY['Invoice', 'Forecast', 'Review', 'Customer', 'Stock', 'Route'])[1 + i %% 6] || ' helper ' || i,
        'Saves an hour a day in a small company, number ' || i, 'A **description** of what it does. ' || md5(i::text),
        (SELECT min(id) FROM catalog_category) + i %% 6,
        '{"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}', '{}', '{"text": "x"}',
        'tool', '{"release": "2.4"}', 'A small model 1.1', ARRAY['en', 'de'], 'What you type goes to us.', 'eu', 30, '',
        i %% 3 * 5, 200, now(), now() - i * interval '1 minute', now() - i * interval '1 minute'
    FROM generate_series(1, %d) i
    JOIN organizations_organization o ON o.slug = 'workshop-' || (1 + i %% 500);
INSERT INTO catalog_plan (listing_id, org_id, version_number, content_hash, name, currency_id, price, period_seconds,
    state, created_at)
    SELECT l.id, l.org_id, 1, l.content_hash, 'Standard', (SELECT id FROM catalog_currency LIMIT 1),
        (500 + l.id %% 9973) * 10000, 2592000, 'on_sale', now() FROM catalog_listing l;
"""


def run() -> Iterator[Result]:
    """Browse, the listing page, a search and the htmx partial, each as a ratio to the bare list."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guildhall-bench-")))
        env = {**os.environ, **stack.enter_context(services.running(folder))}
        env |= {"DJANGO_SETTINGS_MODULE": "benchmarks._settings"}
        subprocess.run([sys.executable, "manage.py", "migrate", "--database", "owner", "-v", "0"], env=env, check=True)
        with psycopg.connect(env["DATABASE_OWNER_URL"], autocommit=True) as owner:
            owner.execute((FILL % LISTINGS).encode())
            subprocess.run([sys.executable, "manage.py", "rebuild_search", "-v", "0"], env=env, check=True)
            owner.execute("ANALYZE")
            (postmaster,) = owner.execute("SELECT pg_backend_pid()").fetchone() or (0,)
        postgres = _parent(postmaster)
        bare = stack.enter_context(_Server("benchmarks.bare.site:application", env))
        ours = stack.enter_context(_Server("settings.wsgi:application", env))
        peer = cpu.measure(bare.get("/"), [bare.pid, postgres])
        _say("bare list", peer)
        full = {}
        for name, where, target in (("browse", "/browse/", 3), ("listing", "/tools/tool-77/", 3)):
            page = full[name] = cpu.measure(ours.get(where), [ours.pid, postgres])
            _say(name, page)
            yield Result(f"pages.{name}", page.cpu / peer.cpu, "x the bare list's CPU", target)
        partial = cpu.measure(ours.get("/browse/", {"HX-Request": "true"}), [ours.pid, postgres])
        _say("browse, htmx partial", partial)
        yield Result("pages.partial", partial.cpu / full["browse"].cpu, "x its full page's CPU", 0.6)


def _say(name: str, page: cpu.Measured) -> None:
    figures = f"{page.cpu:.2f} ms CPU, {page.rps:.0f} requests/s, p50 {page.p50:.1f} ms, p99 {page.p99:.1f} ms"
    print(f"  {name}: {figures}", file=sys.stderr, flush=True)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


class _Server:
    """granian with one worker and one blocking thread, as bin/up starts it."""

    def __init__(self, application: str, env: dict[str, str]) -> None:
        self.port = _free_port()
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--blocking-threads", "1", "--no-ws"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--log-level", "warning", application]
        self.process = subprocess.Popen(command, env=env)
        self.pid = self.process.pid

    def __enter__(self) -> "_Server":
        for _ in range(200):
            try:
                http.client.HTTPConnection("127.0.0.1", self.port, timeout=5).connect()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        raise RuntimeError("The server did not start.")

    def __exit__(self, *problem: object) -> None:
        self.process.terminate()
        self.process.wait(10)

    def get(self, path: str, headers: dict[str, str] | None = None):  # type: ignore[no-untyped-def]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

        def fetch() -> None:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path} answered {answer.status}")

        return fetch


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""Pages of the shop with 100,000 listings: CPU a request, beside a bare Django list and django-oscar on the same server."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg

from benchmarks import Result, _oscar
from benchmarks import _cpu as cpu
from benchmarks._server import Server, all_of
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


MANY = all_of(
    "/tools/tool-%d/", range(7, 100_000, 83)
)  # each is seen once: what a process keeps of a page does not help
BROWSED = [
    "/browse/",
    *(f"/browse/?category={shelf}" for shelf in ("forecasting", "documents", "customers", "sales", "finance", "data")),
    *(f"/browse/?sort={sort}" for sort in ("popular", "rating", "price")),
    *(f"/browse/?q={word}" for word in ("invoice", "forecast", "stock+helper", "small+company", "route+77")),
    "/browse/?language=de",
    "/browse/?category=documents&region=eu&sort=price",
]
HTMX = {"HX-Request": "true"}
SALEOR = 58.0  # ms of CPU for its GraphQL list of 24; measured once on another day, and quoted


def run() -> Iterator[Result]:
    """Browse, the listing page, a comparison, the htmx partial and the REST list, against the bare list and the peer."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guildhall-bench-")))
        env = {**os.environ, **stack.enter_context(services.running(folder))}
        env |= {"DJANGO_SETTINGS_MODULE": "benchmarks._settings"}
        postgres = _filled(env)
        bare = stack.enter_context(Server("benchmarks.bare.site:application", env))
        ours = stack.enter_context(Server("settings.wsgi:application", env))
        peer = _measured("bare list", bare, [postgres], "/")
        browse = _measured("browse", ours, [postgres], "/browse/")
        yield Result("pages.browse", browse.cpu / peer.cpu, "x the bare list's CPU", 3)
        mixed = _measured(f"browse, {len(BROWSED)} questions in turns", ours, [postgres], *BROWSED)
        yield Result("pages.browse.mixed", mixed.cpu / peer.cpu, "x the bare list's CPU", 3)
        _measured("listing, one again and again", ours, [postgres], "/tools/tool-77/")
        listing = _measured("listing, each once", ours, [postgres], *MANY)
        yield Result("pages.listing", listing.cpu / peer.cpu, "x the bare list's CPU", 3)
        compare = _measured(
            "compare, four", ours, [postgres], "/compare/?tool=tool-77&tool=tool-83&tool=tool-90&tool=tool-95"
        )
        yield Result("pages.compare", compare.cpu / peer.cpu, "x the bare list's CPU", 4)
        partial = _measured("browse, htmx partial", ours, [postgres], "/browse/", headers=HTMX)
        yield Result("pages.partial", partial.cpu / browse.cpu, "x its full page's CPU", 0.6)
        rest = _measured("REST list of 24", ours, [postgres], "/api/v1/listings/")
        yield Result("pages.rest", SALEOR / rest.cpu, "x less CPU than saleor's list", 10, at_most=False)
        yield from _beside_oscar(stack, env, folder, postgres, (browse, listing))


def _beside_oscar(
    stack: ExitStack, env: dict[str, str], folder: Path, postgres: int, ours: tuple[cpu.Measured, cpu.Measured]
) -> Iterator[Result]:
    theirs = _oscar.filled(env, folder)
    oscar = stack.enter_context(
        Server("oscar_site:application", theirs, python=_oscar.installed(), folder=_oscar.SOURCE)
    )
    found = _measured(f"oscar's list, {_oscar.PRODUCTS:,} products", oscar, [postgres], "/catalogue/", requests=40)
    yield Result("pages.oscar.browse", found.cpu / ours[0].cpu, "x less CPU than oscar's list", 25, at_most=False)
    pages = [f"/catalogue/tool-{i}_{i + 1}/" for i in range(0, _oscar.PRODUCTS, 7)]
    found = _measured("oscar's product page", oscar, [postgres], *pages, requests=60)
    yield Result("pages.oscar.listing", found.cpu / ours[1].cpu, "x less CPU than oscar's page", 3, at_most=False)


def _filled(env: dict[str, str]) -> int:
    """The shop in the database; the process id of PostgreSQL."""
    subprocess.run([sys.executable, "manage.py", "migrate", "--database", "owner", "-v", "0"], env=env, check=True)
    with psycopg.connect(env["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute((FILL % LISTINGS).encode())
        subprocess.run([sys.executable, "manage.py", "rebuild_search", "-v", "0"], env=env, check=True)
        owner.execute("ANALYZE")
        (backend,) = owner.execute("SELECT pg_backend_pid()").fetchone() or (0,)
        return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


def _measured(
    name: str,
    server: Server,
    others: list[int],
    *paths: str,
    headers: dict[str, str] | None = None,
    requests: int = 200,
) -> cpu.Measured:
    page = cpu.measure(server.get(*paths, headers=headers), [server.pid, *others], requests=requests)
    figures = f"{page.cpu:.2f} ms CPU, {page.rps:.0f} requests/s, p50 {page.p50:.1f} ms, p99 {page.p99:.1f} ms"
    print(f"  {name}: {figures}", file=sys.stderr, flush=True)
    return page

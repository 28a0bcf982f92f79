"""Pages of the shop with 100,000 listings: CPU a request, beside a bare Django list and django-oscar on the same server."""

import os
import re
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
UPDATE catalog_listing SET uptime_bps = 9990 WHERE substr(slug, 6)::int %% 83 = 11;
INSERT INTO gateway_healthspan (listing_id, seconds, starts_at, probes, up, p95)
    SELECT l.id, 86400, date_trunc('day', now()) - d * interval '1 day', 288, 288 - (l.id + d) %% 3, 80 + abs(hashint8(l.id * 100 + d)) %% 90
    FROM catalog_listing l, generate_series(1, 29) d WHERE uptime_bps IS NOT NULL;
"""


MANY = all_of(
    "/tools/tool-%d/", range(7, 100_000, 83)
)  # each is seen once: what a process keeps of a page does not help
PROBED = all_of("/tools/tool-%d/", range(11, 100_000, 83))  # the same with two charts of 29 days
BROWSED = [
    "/browse/",
    *(f"/browse/?category={shelf}" for shelf in ("forecasting", "documents", "customers", "sales", "finance", "data")),
    *(f"/browse/?sort={sort}" for sort in ("popular", "rating", "price")),
    *(f"/browse/?q={word}" for word in ("invoice", "forecast", "stock+helper", "small+company", "route+77")),
    "/browse/?language=de",
    "/browse/?category=documents&region=eu&sort=price",
]
HTMX = {"HX-Request": "true"}
OF_A_PART = 1.8  # 0.6 of the 3 that a full page may cost, see docs/adr/0016
SALEOR = 58.0  # ms of CPU for its GraphQL list of 24; measured once on another day, and quoted


def run() -> Iterator[Result]:
    """Browse, the listing page, a comparison, htmx parts and the REST list, against the bare list and the peer."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guildhall-bench-")))
        env = {**os.environ, **stack.enter_context(services.running(folder))}
        env |= {"DJANGO_SETTINGS_MODULE": "benchmarks._settings"}
        postgres = _filled(env)
        bare = stack.enter_context(Server("benchmarks.bare.site:application", env))
        ours = stack.enter_context(Server("settings.wsgi:application", env))
        yield from _against_the_bare_list(_measured(_ours(bare, ours, postgres)))
        yield from _beside_oscar(stack, env, folder, postgres, ours)


def _ours(bare: Server, ours: Server, postgres: int) -> dict[str, cpu.Page]:
    def page(*paths: str, headers: dict[str, str] | None = None) -> cpu.Page:
        return cpu.Page(ours.get(*paths, headers=headers), [ours.pid, postgres])

    later = re.search(r'rel="next" href="([^"]+)"', ours.text("/browse/"))
    if later is None:
        raise RuntimeError("The shop should have more than one page.")
    onwards = later[1].replace("&amp;", "&")
    return {
        "bare list": cpu.Page(bare.get("/"), [bare.pid, postgres]),
        "browse": page("/browse/"),
        "browse, mixed questions": page(*BROWSED),
        "browse by htmx": page("/browse/", headers=HTMX),
        "a later page": page(onwards),
        "a later page by htmx": page(onwards, headers=HTMX),
        "listing, one again and again": page("/tools/tool-77/"),
        "listing, each once": page(*MANY),
        "listing, 29 days of probes, each once": page(*PROBED),
        "comparison of four": page("/compare/?tool=tool-77&tool=tool-83&tool=tool-90&tool=tool-95"),
        "REST list of 24": page("/api/v1/listings/"),
    }


def _against_the_bare_list(found: dict[str, cpu.Measured]) -> Iterator[Result]:
    least = found["bare list"].cpu

    def times(name: str) -> float:
        return found[name].cpu / least

    unit = "x the bare list's CPU"
    yield Result("pages.browse", times("browse"), unit, 3)
    yield Result("pages.listing", times("listing, each once"), unit, 3)
    yield Result("pages.listing.kept", times("listing, one again and again"), unit, 3)
    yield Result("pages.listing.probed", times("listing, 29 days of probes, each once"), unit, 3)
    yield Result("pages.compare", times("comparison of four"), unit, 4)
    yield Result("pages.partial", times("browse by htmx"), unit, OF_A_PART)
    yield Result("pages.partial.more", times("a later page by htmx"), unit, OF_A_PART)
    saved = SALEOR / found["REST list of 24"].cpu
    yield Result("pages.rest", saved, "x less CPU than saleor's list", 10, at_most=False)


def _beside_oscar(stack: ExitStack, env: dict[str, str], folder: Path, postgres: int, ours: Server) -> Iterator[Result]:
    theirs = _oscar.filled(env, folder)
    oscar = stack.enter_context(
        Server("oscar_site:application", theirs, python=_oscar.installed(), folder=_oscar.SOURCE)
    )
    products = [f"/catalogue/tool-{i}_{i + 1}/" for i in range(0, _oscar.PRODUCTS, 7)]
    found = _measured(
        {
            "browse": cpu.Page(ours.get("/browse/"), [ours.pid, postgres]),
            "listing, each once": cpu.Page(ours.get(*MANY), [ours.pid, postgres]),
            f"oscar's list, {_oscar.PRODUCTS:,} products": cpu.Page(
                oscar.get("/catalogue/"), [oscar.pid, postgres], requests=20
            ),
            "oscar's product page": cpu.Page(oscar.get(*products), [oscar.pid, postgres], requests=60),
        }
    )
    browse, listing, catalogue, product = (each.cpu for each in found.values())
    yield Result("pages.oscar.browse", catalogue / browse, "x less CPU than oscar's list", 25, at_most=False)
    yield Result("pages.oscar.listing", product / listing, "x less CPU than oscar's page", 3, at_most=False)


def _filled(env: dict[str, str]) -> int:
    """The shop in the database; the process id of PostgreSQL."""
    subprocess.run([sys.executable, "manage.py", "migrate", "--database", "owner", "-v", "0"], env=env, check=True)
    with psycopg.connect(env["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute((FILL % LISTINGS).encode())
        subprocess.run([sys.executable, "manage.py", "rebuild_search", "-v", "0"], env=env, check=True)
        owner.execute("ANALYZE")
        (backend,) = owner.execute("SELECT pg_backend_pid()").fetchone() or (0,)
        return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


def _measured(pages: dict[str, cpu.Page]) -> dict[str, cpu.Measured]:
    found = cpu.measure(pages)
    for name, page in found.items():
        figures = f"{page.cpu:.2f} ms CPU, {page.rps:.0f} requests/s, p50 {page.p50:.1f} ms, p99 {page.p99:.1f} ms"
        print(f"  {name}: {figures}", file=sys.stderr, flush=True)
    return found

"""The statements of the indexer: what an entry, its counts and its words are, in SQL over the shop's tables."""
# ruff: noqa: S608 (only our own constants are written in)

from typing import Final

from marketplace.catalog.search.tables import NOT_ON_SALE

BANDS: Final = (1, 20_000_000, 50_000_000, 200_000_000)  # where a band of prices begins, in millionths for 30 days
CALLS: Final = 100  # in 30 days, as which a price of a call is counted there: the first figure of the estimator
# A tool with few reviews is rated as if it had this many more, of this many stars.
FEW_REVIEWS, USUAL_STARS = 5, 3
FRESH: Final = (30, 90, 365)  # days in which an update is a recent one
LISTINGS: Final = "(SELECT *, coalesce(updated_at, published_at, created_at) AS updated FROM catalog_listing) l"

# The letters are those of facets.py. Levels are cumulative: who is rated 4 and more is also rated 3 and more.
TAGS: Final = f"""
    array_remove(ARRAY[
        'c' || l.category_id,
        'k' || l.kind,
        'p' || width_bucket(p.price, ARRAY{list(BANDS)}::bigint[]),
        CASE WHEN l.rating_sum >= 3 * l.rating_count AND l.rating_count > 0 THEN 's3' END,
        CASE WHEN l.rating_sum >= 4 * l.rating_count AND l.rating_count > 0 THEN 's4' END,
        CASE WHEN o.state = 'verified' THEN 'v1' END,
        CASE WHEN o.state = 'verified' AND o.domain <> '' THEN 'v2' END,
        CASE WHEN (l.output_schema::jsonb -> 'properties') <> '{{}}' THEN 'n1' END,
        'r' || nullif(l.region, ''),
        CASE WHEN l.trial_calls > 0 AND l.trial_calls_a_day > 0 THEN 't1' END,
        CASE WHEN l.uptime_bps >= 9500 THEN 'u95' END,
        CASE WHEN l.uptime_bps >= 9900 THEN 'u99' END,
        {", ".join(f"CASE WHEN l.updated > now() - interval '{days} days' THEN 'f{days}' END" for days in FRESH)},
        'o' || o.country
    ]::varchar[], NULL) || p.pays || ARRAY(SELECT 'l' || code FROM unnest(l.languages) code)::varchar[]"""
READ: Final = f"""
INSERT INTO catalog_searchentry
    (listing_id, category_id, price, popularity, rating, published_at, answers, tags, tsv)
SELECT l.id, l.category_id, coalesce(p.price, {NOT_ON_SALE}), coalesce(e.popularity, 0),
    1000 * (l.rating_sum + {FEW_REVIEWS * USUAL_STARS}) / (l.rating_count + {FEW_REVIEWS}),
    coalesce(l.published_at, l.created_at), coalesce(l.is_down_since > now() - %(down)s, true), {TAGS},
    setweight(to_tsvector('english', l.name), 'A') || setweight(to_tsvector('english', l.summary), 'B')
FROM {LISTINGS}
JOIN organizations_organization o ON o.id = l.org_id
LEFT JOIN catalog_searchentry e ON e.listing_id = l.id
CROSS JOIN LATERAL (
    SELECT least(min(trunc(CASE WHEN p.period_seconds = 0 THEN p.price * 1000000 * {CALLS} / (10::numeric ^ c.decimals)
            ELSE p.price * 1000000 * 2592000 / (10::numeric ^ c.decimals) / p.period_seconds END)),
            {NOT_ON_SALE - 1})::bigint AS price,
        coalesce(array_agg(DISTINCT CASE WHEN p.price = 0 THEN 'mfree' WHEN p.period_seconds = 0 THEN 'mcall'
            ELSE 'mperiod' END), '{{}}')::varchar[] AS pays
    FROM catalog_plan p JOIN catalog_currency c ON c.id = p.currency_id
    WHERE p.listing_id = l.id AND p.state = 'on_sale'
) p
WHERE l.state = 'public' AND (%(all)s OR l.id = ANY(%(ids)s))
ORDER BY coalesce(e.popularity, 0) DESC, l.id DESC
ON CONFLICT (listing_id) DO UPDATE SET category_id = excluded.category_id, price = excluded.price,
    rating = excluded.rating, published_at = excluded.published_at, answers = excluded.answers, tags = excluded.tags,
    tsv = excluded.tsv
"""
# Who looks around is not shown what stays down, so it is not counted either.
COUNT: Final = """
INSERT INTO catalog_shelfcount AS kept (shelf, tag, entries)
SELECT shelf, tag, %(sign)s * count(*)
FROM catalog_searchentry e
CROSS JOIN LATERAL (VALUES (0), (e.category_id)) s (shelf)
CROSS JOIN LATERAL unnest(e.tags || ''::varchar) f (tag)
WHERE e.answers AND (%(all)s OR e.listing_id = ANY(%(ids)s))
GROUP BY shelf, tag
ORDER BY shelf, tag
ON CONFLICT (shelf, tag) DO UPDATE SET entries = kept.entries + excluded.entries
"""
# No change tells of a service that has now been down for a day: time alone does.
WENT_DOWN: Final = """
INSERT INTO catalog_searchchange (listing_id)
SELECT l.id FROM catalog_listing l JOIN catalog_searchentry e ON e.listing_id = l.id
WHERE l.is_down_since <= now() - %(down)s AND l.state = 'public' AND e.answers
"""
# Nor of an update that is no recent one any more.
AGED: Final = f"""
INSERT INTO catalog_searchchange (listing_id)
SELECT l.id FROM {LISTINGS} JOIN catalog_searchentry e ON e.listing_id = l.id
WHERE l.state = 'public' AND ({
    " OR ".join(f"e.tags @> '{{f{days}}}' AND l.updated <= now() - interval '{days} days'" for days in FRESH)
})
"""
WORDS: Final = """
SELECT w.word, s.lexeme, count(*) AS entries FROM catalog_listing l
CROSS JOIN LATERAL unnest(tsvector_to_array(to_tsvector('simple', l.name || ' ' || l.summary))) w (word)
CROSS JOIN LATERAL unnest(tsvector_to_array(to_tsvector('english', w.word))) s (lexeme)
WHERE l.state = 'public' AND (%(all)s OR l.id = ANY(%(ids)s))
    AND length(w.word) BETWEEN 3 AND 40 AND w.word ~ '^[[:alpha:]]+$'
GROUP BY w.word, s.lexeme
"""
LEXEMES: Final = """
CREATE TEMPORARY TABLE read_before ON COMMIT DROP AS
    SELECT DISTINCT l.lexeme FROM catalog_searchentry e, unnest(tsvector_to_array(e.tsv)) l (lexeme)
    WHERE e.listing_id = ANY(%(ids)s)
"""
FORGET: Final = """
DELETE FROM catalog_searchword w USING read_before b WHERE w.lexeme = b.lexeme AND NOT EXISTS
    (SELECT FROM catalog_searchentry e WHERE e.tsv @@ quote_literal(b.lexeme)::tsquery);
DROP TABLE read_before
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION catalog_words_alike(typed text) RETURNS TABLE (word varchar, entries integer) LANGUAGE sql STABLE
SET pg_trgm.similarity_threshold = 0.2 AS $$
    SELECT w.word, w.entries FROM catalog_searchword w WHERE w.word % typed
    ORDER BY similarity(w.word, typed) DESC, w.entries DESC LIMIT 30
$$
"""


class Migration(migrations.Migration):
    """Two swapped letters of six leave a quarter of the trigrams; the usual bound would not look at such a word."""

    dependencies = [("catalog", "0008_index_what_is_public")]

    operations = [migrations.RunSQL(FORWARD, "DROP FUNCTION catalog_words_alike(text)")]

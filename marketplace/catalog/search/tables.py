"""The tables that search reads. All of it is derived: `rebuild_search` makes it anew from listings and plans."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F
from django.utils import timezone

NOT_ON_SALE = 2**63 - 1


class SearchEntry(models.Model):
    """One public listing as search sees it: its words and what can be filtered and sorted by, nothing else."""

    # No foreign keys: only the indexer writes here, and it must see what an entry counted for before it goes.
    # Tags are those of search/facets.py: a letter for the question, then the answer. One index serves them all.
    listing_id = models.BigIntegerField(primary_key=True)
    category_id = models.BigIntegerField()
    price = models.BigIntegerField("lowest price for 30 days, in millionths of the currency")
    popularity = models.IntegerField("businesses that use it now", default=0)
    rating = models.IntegerField("mean of the stars in thousandths, few reviews drawn to the middle", db_default=0)
    published_at = models.DateTimeField()
    answers = models.BooleanField("its service was not down for the whole of the last day", db_default=True)
    tags = ArrayField(models.CharField(max_length=16), verbose_name="all that it can be narrowed by", db_default=[])
    tsv = SearchVectorField("words of the name (A) and the summary (B)")

    class Meta:
        indexes: ClassVar = [
            GinIndex(fields=["tsv"], name="search_words", fastupdate=False),
            models.Index(F("popularity").desc(), F("listing_id").desc(), name="search_popular"),
            models.Index(F("published_at").desc(), F("listing_id").desc(), name="search_newest"),
            models.Index(fields=["price", "listing_id"], name="search_cheapest"),
            models.Index(F("category_id"), F("published_at").desc(), F("listing_id").desc(), name="search_shelf"),
            models.Index(F("rating").desc(), F("listing_id").desc(), name="search_rated"),
            GinIndex(fields=["tags"], name="search_tags", fastupdate=False),
        ]


class SearchChange(models.Model):
    """A listing that changed and is not indexed anew yet. Triggers leave these rows, in the change's transaction."""

    listing_id = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now, db_default=models.functions.Now())


class SearchWord(models.Model):
    """A distinct word of all names and summaries: what suggestions offer and typos are compared with."""

    word = models.CharField(max_length=40, primary_key=True)
    lexeme = models.CharField("its stem, as entries have it", max_length=40, db_index=True)
    entries = models.IntegerField("listings that have it, at the last count", default=1)

    class Meta:
        indexes: ClassVar = [
            GinIndex(fields=["word"], opclasses=["gin_trgm_ops"], name="search_word_trigrams", fastupdate=False),
        ]


class ShelfCount(models.Model):
    """How many entries have a tag (empty: all of them), on one shelf, or on all (shelf 0). Kept as entries change."""

    shelf = models.BigIntegerField()
    tag = models.CharField(max_length=16, blank=True, db_default="")
    entries = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shelf", "tag"], name="one_count_per_tag")]

"""Listings: what is public stands on the listing itself; drafts, and what only the provider may read, on versions."""

from marketplace.catalog.models.listings import Listing, ListingQuerySet, Plan
from marketplace.catalog.models.pictures import PictureFile
from marketplace.catalog.models.saved import SavedList, SavedListing
from marketplace.catalog.models.shelves import Category, Currency
from marketplace.catalog.models.versions import ListingVersion
from marketplace.catalog.search.tables import SearchChange, SearchEntry, SearchWord, ShelfCount

__all__ = [
    "Category",
    "Currency",
    "Listing",
    "ListingQuerySet",
    "ListingVersion",
    "PictureFile",
    "Plan",
    "SavedList",
    "SavedListing",
    "SearchChange",
    "SearchEntry",
    "SearchWord",
    "ShelfCount",
]

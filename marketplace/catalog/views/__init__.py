"""The shop's pages, and those of its providers."""

from marketplace.catalog.views.browsing import browse
from marketplace.catalog.views.tool import listing

__all__ = ["browse", "listing"]

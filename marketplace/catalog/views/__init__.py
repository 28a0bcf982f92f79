"""The shop's pages, and those of its providers."""

from marketplace.catalog.views.shop import browse
from marketplace.catalog.views.tool import listing

__all__ = ["browse", "listing"]

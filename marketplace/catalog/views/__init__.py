"""The shop's pages, and those of its providers."""

from marketplace.catalog.views.shop import browse, listing

__all__ = ["browse", "listing"]

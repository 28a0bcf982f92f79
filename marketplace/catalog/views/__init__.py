"""The shop's pages, and those of its providers."""

from marketplace.catalog.views.shop import browse, landing, listing

__all__ = ["browse", "landing", "listing"]

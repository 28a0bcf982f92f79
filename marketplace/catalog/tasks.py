"""Clocks of the catalog."""

from celery import shared_task

from marketplace.catalog import services
from marketplace.catalog.search import indexing


@shared_task
def index_changes() -> None:
    """Let search see what changed in the shop."""
    while indexing.catch_up():
        pass


@shared_task
def weigh_listings() -> None:
    """Let search know how many use each tool, and which do not answer any more."""
    indexing.weigh()
    indexing.sink()


@shared_task
def rebuild_search() -> None:
    """Count words and shelves anew."""
    indexing.rebuild()


@shared_task
def forget_pictures() -> None:
    """Delete the files of pictures that no version shows."""
    services.forget_unused()

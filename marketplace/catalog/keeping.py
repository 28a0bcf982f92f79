"""What every page shows and everybody may see, kept for a moment in each process instead of being read each time."""

import time
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

from django.conf import settings

from marketplace.catalog.models import Category

T = TypeVar("T")
MOST: Final = 200  # answers to different questions that are kept at once


class Kept(Generic[T]):
    """What `read` answered last, for the seconds that `setting` says. Not for what only some may see."""

    def __init__(self, read: Callable[..., T], setting: str = "SHELL_KEPT_SECONDS") -> None:
        self.read, self.setting = read, setting
        self.found: dict[tuple[Hashable, ...], tuple[float, T]] = {}

    def __call__(self, *asked: Hashable) -> T:
        return self.of(asked, lambda: self.read(*asked))

    def of(self, asked: tuple[Hashable, ...], read: Callable[[], T]) -> T:
        """The same, read otherwise if it has to be read."""
        now, found = time.monotonic(), self.found.get(asked)
        if found is None or now - found[0] >= getattr(settings, self.setting):
            if len(self.found) >= MOST:
                self.found.clear()
            found = self.found[asked] = (now, read())
        return found[1]


shelves: Kept[list[Category]] = Kept(lambda: list(Category.objects.all()))
icons: Kept[dict[int, str]] = Kept(lambda: {shelf.pk: shelf.icon for shelf in shelves()})

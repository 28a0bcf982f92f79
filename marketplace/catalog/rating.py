"""How buyers rated a tool, as its listing carries it; `services.set_rating` writes it for the app of the reviews."""

from django.db import models


class Rated(models.Model):
    """Stars of all published reviews added up, and how many reviews that are; 0 and 0 until there is one."""

    rating_sum = models.PositiveIntegerField("stars of all reviews", default=0, db_default=0)
    rating_count = models.PositiveIntegerField("reviews", default=0, db_default=0)

    class Meta:
        abstract = True

    @property
    def rating(self) -> float | None:
        """The mean of the stars, 1 to 5; None without a review."""
        return self.rating_sum / self.rating_count if self.rating_count else None

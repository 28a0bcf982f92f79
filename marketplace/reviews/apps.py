from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "marketplace.reviews"

    def ready(self) -> None:
        from marketplace.organizations.home import contribute
        from marketplace.reviews.home import part

        contribute(part)

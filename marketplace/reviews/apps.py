from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "marketplace.reviews"

    def ready(self) -> None:
        from marketplace.catalog import page
        from marketplace.organizations import home as org_home
        from marketplace.reviews import home, reading

        org_home.contribute(home.part)
        page.contribute(reading.part)

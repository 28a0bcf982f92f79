from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    name = "marketplace.subscriptions"

    def ready(self) -> None:
        from marketplace.catalog import page
        from marketplace.catalog.search.indexing import popular_by
        from marketplace.organizations import home as org_home
        from marketplace.subscriptions import home, popularity, standing

        org_home.contribute(home.part)
        page.contribute(standing.part)
        popular_by(popularity.businesses)

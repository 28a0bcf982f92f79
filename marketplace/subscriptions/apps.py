from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    name = "marketplace.subscriptions"

    def ready(self) -> None:
        from marketplace.organizations.home import contribute
        from marketplace.subscriptions.home import part

        contribute(part)

from django.apps import AppConfig


class DisputesConfig(AppConfig):
    name = "marketplace.disputes"

    def ready(self) -> None:
        from marketplace.disputes.home import part
        from marketplace.organizations.home import contribute

        contribute(part)

from django.apps import AppConfig


class DisputesConfig(AppConfig):
    name = "marketplace.disputes"

    def ready(self) -> None:
        from marketplace.disputes import hashes
        from marketplace.disputes.home import part
        from marketplace.escrow.evidence import parts
        from marketplace.organizations.home import contribute

        contribute(part)
        parts.contribute("disputes.json", hashes.of_order)

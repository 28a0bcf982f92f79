from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "marketplace.gateway"

    def ready(self) -> None:
        from marketplace.catalog import comparing, page
        from marketplace.escrow.evidence import parts
        from marketplace.gateway import records, standing
        from marketplace.subscriptions.records import contribute

        page.contribute(standing.part)
        comparing.contribute(standing.compared)
        contribute(records.of_subscription)
        parts.contribute("usage.json", records.by_day)

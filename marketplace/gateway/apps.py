from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "marketplace.gateway"

    def ready(self) -> None:
        from marketplace.catalog import comparing, page
        from marketplace.gateway import standing

        page.contribute(standing.part)
        comparing.contribute(standing.compared)

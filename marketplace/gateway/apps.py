from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "marketplace.gateway"

    def ready(self) -> None:
        from marketplace.catalog.page import contribute
        from marketplace.gateway.standing import part

        contribute(part)

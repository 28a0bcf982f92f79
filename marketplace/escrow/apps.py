from django.apps import AppConfig


class EscrowConfig(AppConfig):
    name = "marketplace.escrow"

    def ready(self) -> None:
        from marketplace.escrow import failpoints

        failpoints.declare()

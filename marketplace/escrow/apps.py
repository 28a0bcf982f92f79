from django.apps import AppConfig


class EscrowConfig(AppConfig):
    name = "marketplace.escrow"

    def ready(self) -> None:
        from chain import projections
        from marketplace.escrow import failpoints

        failpoints.declare()
        projections.register("escrow", "marketplace.escrow.services.reprojecting.differences")

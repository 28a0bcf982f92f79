"""The app's name."""

from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from chain import projections

        projections.register("governance", "governance.rebuilding.differences")

"""The app's name, and the check that no failpoint is armed where money is real."""

from django.apps import AppConfig


class ChainConfig(AppConfig):
    name = "chain"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from chain.failpoints import refuse_in_production

        refuse_in_production()

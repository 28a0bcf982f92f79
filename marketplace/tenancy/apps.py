from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "marketplace.tenancy"

    def ready(self) -> None:
        from marketplace.tenancy import checks  # noqa: F401  (registers the system checks)

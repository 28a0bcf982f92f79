from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "marketplace.catalog"

    def ready(self) -> None:
        from marketplace.catalog.home import part
        from marketplace.organizations.home import contribute

        contribute(part)

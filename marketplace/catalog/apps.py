from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "marketplace.catalog"

    def ready(self) -> None:
        from marketplace.catalog import home, page, saving
        from marketplace.organizations.home import contribute

        contribute(home.part)
        page.contribute(saving.part)

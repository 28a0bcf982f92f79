from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "marketplace.organizations"

from typing import Any

from django.db import migrations

FIRST = [
    ("forecasting", "Forecasting and planning", "What will sell, what to order, when to staff up", "trending-up"),
    ("documents", "Documents", "Read invoices, contracts and forms so that nobody has to type them", "file-text"),
    ("customers", "Customers and service", "What customers say and need, and who they are", "message-circle-heart"),
    ("sales", "Sales and marketing", "Leads, offers, texts, a tidy list of customers", "megaphone"),
    ("finance", "Finance and accounting", "Bookings, payments, risks", "calculator"),
    ("data", "Data care", "Fill gaps, find mistakes, tidy tables", "database"),
    ("language", "Language and translation", "Write, translate, shorten", "languages"),
    ("operations", "Operations", "Stock, routes, machines, quality", "cog"),
]


def stock(apps: Any, schema_editor: Any) -> None:
    """Put up the shelves that a new market starts with; those that exist stay as they are."""
    category = apps.get_model("catalog", "Category")
    category.objects.using(schema_editor.connection.alias).bulk_create(
        [
            category(slug=slug, name=name, summary=summary, icon=icon, position=place)
            for place, (slug, name, summary, icon) in enumerate(FIRST, start=1)
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [migrations.RunPython(stock, migrations.RunPython.noop)]

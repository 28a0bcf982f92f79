from django.db import migrations


class Migration(migrations.Migration):
    """Know how common each of the 50,000 commonest words is: between two plans, search chooses by that."""

    dependencies = [("catalog", "0005_search_tables")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE catalog_searchentry ALTER tsv SET STATISTICS 5000",
            "ALTER TABLE catalog_searchentry ALTER tsv SET STATISTICS DEFAULT",
        ),
    ]

"""What stands on invoices: an address, and how VAT is treated in what an organization sells."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0008_domain_check"),
    ]

    operations = [
        migrations.AddField(
            model_name="businessdetails",
            name="billing_address",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=300, verbose_name="address on invoices, lines"
            ),
        ),
        migrations.AddField(
            model_name="organization",
            name="vat_rate_bps",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, verbose_name="VAT in its prices, in hundredths of a percent"
            ),
        ),
        migrations.AddField(
            model_name="organization",
            name="vat_treatment",
            field=models.CharField(
                blank=True,
                choices=[
                    ("included", "VAT is in the price"),
                    (
                        "reverse",
                        "Reverse charge for buyers in other countries who have a VAT number; else in the price",
                    ),
                    ("unregistered", "Not registered for VAT"),
                ],
                db_default="",
                default="",
                max_length=12,
                verbose_name="VAT in what it sells; empty: not said",
            ),
        ),
        migrations.AddConstraint(
            model_name="organization",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("vat_rate_bps", 0), ("vat_treatment__in", ["", "unregistered"])),
                    models.Q(("vat_rate_bps__range", (1, 5000)), ("vat_treatment__in", ["included", "reverse"])),
                    _connector="OR",
                ),
                name="organization_vat_has_its_rate",
            ),
        ),
    ]

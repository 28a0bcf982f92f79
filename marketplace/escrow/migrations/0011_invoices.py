"""Invoices and credit notes, numbered within their provider and never changed."""

import django.db.models.deletion
from django.db import migrations, models

from marketplace.tenancy.policies import row_policy, same_owner

BOTH = ["id", "buyer_id", "provider_id"]


def never_changed() -> migrations.RunSQL:
    """Refuse to change an issued invoice, or to take it away: its number would be missing."""
    return migrations.RunSQL(
        [
            """CREATE FUNCTION escrow_invoice_stands() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'An issued invoice is never changed or taken away.'; END $$""",
            """CREATE TRIGGER escrow_invoice_stands BEFORE UPDATE OR DELETE ON escrow_invoice
            FOR EACH ROW EXECUTE FUNCTION escrow_invoice_stands()""",
        ],
        ["DROP TRIGGER escrow_invoice_stands ON escrow_invoice", "DROP FUNCTION escrow_invoice_stands()"],
    )


class Migration(migrations.Migration):
    dependencies = [
        ("escrow", "0010_evidence"),
        ("organizations", "0009_invoices_and_vat"),
    ]

    operations = [
        migrations.CreateModel(
            name="Invoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "seq",
                    models.PositiveBigIntegerField(verbose_name="place of what it is for in the contract's events"),
                ),
                ("kind", models.CharField(choices=[("invoice", "Invoice"), ("credit", "Credit note")], max_length=10)),
                ("number", models.PositiveIntegerField()),
                ("language", models.CharField(max_length=10)),
                ("content", models.JSONField()),
                ("issued_at", models.DateTimeField()),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "escrow",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invoices", to="escrow.escrow"
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["buyer", "-id"], name="invoice_by_buyer")],
                "constraints": [
                    models.UniqueConstraint(fields=("provider", "number"), name="one_invoice_per_number"),
                    models.UniqueConstraint(fields=("escrow", "seq"), name="one_invoice_per_event"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["invoice", "credit"]), ("number__gte", 1)),
                        name="invoice_has_its_number",
                    ),
                ],
            },
        ),
        row_policy("escrow_invoice", orgs=["buyer_id", "provider_id"]),
        same_owner("escrow_invoice", ["escrow_id", "buyer_id", "provider_id"], "escrow_escrow", BOTH),
        never_changed(),
    ]

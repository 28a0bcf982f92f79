"""Invoices for the calls of a month, and indexes by which what is not invoiced yet is found."""

import django.db.models.deletion
from django.db import migrations, models

from marketplace.tenancy.policies import same_owner

BOTH = ["id", "buyer_id", "provider_id"]


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0025_prices_by_the_call"),
        ("escrow", "0012_deposits_for_calls"),
        ("organizations", "0009_invoices_and_vat"),
    ]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="calls",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="invoices", to="escrow.calldeposit"
            ),
        ),
        migrations.AddField(
            model_name="invoice",
            name="month",
            field=models.DateField(null=True, verbose_name="first day of the month whose calls it is for"),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="escrow",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="invoices", to="escrow.escrow"
            ),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="seq",
            field=models.PositiveBigIntegerField(
                verbose_name="place of what it is for, or of the last of it, in the contract's events"
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("account", "buyer"), ("escrow__isnull", False)),
                fields=["escrow", "seq"],
                include=("provider",),
                name="ledger_lines_to_invoice",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("account", "escrow"), ("calls__isnull", False), ("event", "claimed")),
                fields=["calls", "at"],
                include=("amount", "seq"),
                name="ledger_claims_by_month",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(fields=("calls", "month"), name="one_invoice_per_deposit_and_month"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("calls__isnull", True), ("escrow__isnull", False), ("month__isnull", True)),
                    models.Q(
                        ("calls__isnull", False),
                        ("escrow__isnull", True),
                        ("kind", "invoice"),
                        ("month__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="invoice_is_for_an_event_or_a_month_of_calls",
            ),
        ),
        same_owner("escrow_invoice", ["calls_id", "buyer_id", "provider_id"], "escrow_calldeposit", BOTH),
    ]

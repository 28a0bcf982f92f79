import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import chain.fields
from marketplace.tenancy.policies import row_policy, same_owner

BOTH = ["id", "buyer_id", "provider_id"]
SUMS_OF_BOTH = """
CREATE OR REPLACE FUNCTION escrow_ledger_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (SELECT sum(amount) FROM escrow_ledgerentry WHERE seq = NEW.seq
        AND (escrow_id = NEW.escrow_id OR calls_id = NEW.calls_id)) <> 0 THEN
        RAISE EXCEPTION 'The ledger lines of event % of escrow % or channel % do not sum to zero.',
            NEW.seq, NEW.escrow_id, NEW.calls_id;
    END IF;
    RETURN NULL;
END $$
"""
SUMS_OF_ESCROWS = """
CREATE OR REPLACE FUNCTION escrow_ledger_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (SELECT sum(amount) FROM escrow_ledgerentry WHERE escrow_id = NEW.escrow_id AND seq = NEW.seq) <> 0 THEN
        RAISE EXCEPTION 'The ledger lines of event % of escrow % do not sum to zero.', NEW.seq, NEW.escrow_id;
    END IF;
    RETURN NULL;
END $$
"""
# What is signed can be claimed: a receipt is never changed or taken away, and none says less than one before it.
RECEIPTS_STAND = """
CREATE FUNCTION escrow_receipt_stands() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'A receipt is never changed or taken away.';
    END IF;
    IF EXISTS (SELECT FROM escrow_receipt WHERE deposit_id = NEW.deposit_id AND cumulative >= NEW.cumulative) THEN
        RAISE EXCEPTION 'An earlier receipt says as much or more.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER receipt_stands BEFORE INSERT OR UPDATE OR DELETE ON escrow_receipt
    FOR EACH ROW EXECUTE FUNCTION escrow_receipt_stands();
"""
RECEIPTS_GO = "DROP TRIGGER receipt_stands ON escrow_receipt; DROP FUNCTION escrow_receipt_stands();"


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0025_prices_by_the_call"),
        ("chain", "0009_contract_topics"),
        ("escrow", "0011_invoices"),
        ("organizations", "0008_domain_check"),
        ("subscriptions", "0008_orders_of_calls"),
    ]

    operations = [
        migrations.CreateModel(
            name="CallDeposit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "is_late",
                    models.BooleanField(default=False, verbose_name="came when its order could no longer be paid"),
                ),
                ("fee_paid", chain.fields.Uint256Field(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cumulative", chain.fields.Uint256Field()),
                ("signature", models.CharField(max_length=132)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="Sending",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[("claim", "pay the provider for calls"), ("close", "give back what is left")],
                        max_length=5,
                    ),
                ),
                (
                    "cumulative",
                    chain.fields.Uint256Field(default=0, verbose_name="what the receipt says; 0 for a closing"),
                ),
                ("attempt", models.PositiveSmallIntegerField(default=1)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="payment",
            name="one_standing_payment_per_order",
        ),
        migrations.RemoveConstraint(
            model_name="payment",
            name="renewal_says_how_long",
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="escrow",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="ledger", to="escrow.escrow"
            ),
        ),
        migrations.AlterField(
            model_name="payment",
            name="before",
            field=models.PositiveIntegerField(
                null=True, verbose_name="periods or calls that the deposit had when this was begun"
            ),
        ),
        migrations.AlterField(
            model_name="payment",
            name="periods",
            field=models.PositiveIntegerField(null=True, verbose_name="periods or calls that this adds"),
        ),
        migrations.AlterField(
            model_name="wallettransaction",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("cancel", "cancel a subscription"),
                    ("withdraw", "withdraw what is credited"),
                    ("stop_calls", "ask for the rest of a deposit for calls"),
                    ("close_calls", "close a deposit for calls"),
                    ("timeout", "end a dispute without a ruling"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="calldeposit",
            name="buyer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="calldeposit",
            name="channel",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="deposit_for", to="escrow.channel"
            ),
        ),
        migrations.AddField(
            model_name="calldeposit",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="call_deposits", to="subscriptions.order"
            ),
        ),
        migrations.AddField(
            model_name="calldeposit",
            name="provider",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="calls",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="ledger", to="escrow.calldeposit"
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="tops_up",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="top_ups", to="escrow.calldeposit"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(
                fields=("calls", "seq", "account"), name="one_line_per_account_and_channel_event"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("calls__isnull", True), ("escrow__isnull", False)),
                    models.Q(("calls__isnull", False), ("escrow__isnull", True)),
                    _connector="OR",
                ),
                name="ledger_line_is_of_one_deposit",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("given_up", ""), ("renews__isnull", True), ("tops_up__isnull", True)),
                fields=("order",),
                name="one_standing_payment_per_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("given_up", "")), fields=("tops_up", "before"), name="one_standing_top_up_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("before__isnull", True),
                        ("periods__isnull", True),
                        ("renews__isnull", True),
                        ("tops_up__isnull", True),
                    ),
                    models.Q(
                        ("before__isnull", False),
                        ("periods__gt", 0),
                        ("renews__isnull", False),
                        ("tops_up__isnull", True),
                    ),
                    models.Q(
                        ("before__isnull", False),
                        ("periods__gt", 0),
                        ("renews__isnull", True),
                        ("tops_up__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="renewal_says_how_long",
            ),
        ),
        migrations.AddField(
            model_name="receipt",
            name="buyer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="receipt",
            name="deposit",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="receipts", to="escrow.calldeposit"
            ),
        ),
        migrations.AddField(
            model_name="receipt",
            name="provider",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="sending",
            name="buyer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="sending",
            name="deposit",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="sendings", to="escrow.calldeposit"
            ),
        ),
        migrations.AddField(
            model_name="sending",
            name="provider",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="sending",
            name="transaction",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="chain.outgoingtransaction"
            ),
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.UniqueConstraint(fields=("deposit", "cumulative"), name="one_receipt_per_sum"),
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.CheckConstraint(
                condition=models.Q(("cumulative__gt", 0)), name="receipt_is_over_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="sending",
            constraint=models.UniqueConstraint(
                fields=("deposit", "what", "cumulative", "attempt"), name="one_sending_per_attempt"
            ),
        ),
        migrations.AddConstraint(
            model_name="sending",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cumulative__gt", 0), ("what", "claim")),
                    models.Q(("cumulative", 0), ("what", "close")),
                    _connector="OR",
                ),
                name="sending_claims_or_closes",
            ),
        ),
        row_policy("escrow_calldeposit", orgs=["buyer_id", "provider_id"]),
        row_policy("escrow_receipt", orgs=["buyer_id", "provider_id"]),
        row_policy("escrow_sending", orgs=["buyer_id", "provider_id"]),
        same_owner("escrow_calldeposit", ["order_id", "buyer_id", "provider_id"], "subscriptions_order", BOTH),
        same_owner("escrow_receipt", ["deposit_id", "buyer_id", "provider_id"], "escrow_calldeposit", BOTH),
        same_owner("escrow_sending", ["deposit_id", "buyer_id", "provider_id"], "escrow_calldeposit", BOTH),
        same_owner("escrow_ledgerentry", ["calls_id", "buyer_id", "provider_id"], "escrow_calldeposit", BOTH),
        same_owner("escrow_payment", ["tops_up_id", "buyer_id", "provider_id"], "escrow_calldeposit", BOTH),
        migrations.RunSQL(SUMS_OF_BOTH, SUMS_OF_ESCROWS),
        migrations.RunSQL(RECEIPTS_STAND, RECEIPTS_GO),
    ]

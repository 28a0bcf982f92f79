import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import chain.fields
from marketplace.tenancy.policies import row_policy, same_owner

BOTH = ["id", "buyer_id", "provider_id"]


def sums_to_zero() -> migrations.RunSQL:
    """Refuse a commit in which the lines of one event of an escrow do not sum to zero, and any change of a line."""
    return migrations.RunSQL(
        """
        CREATE FUNCTION escrow_ledger_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF (SELECT sum(amount) FROM escrow_ledgerentry WHERE escrow_id = NEW.escrow_id AND seq = NEW.seq) <> 0 THEN
                RAISE EXCEPTION 'The ledger lines of event % of escrow % do not sum to zero.', NEW.seq, NEW.escrow_id;
            END IF;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER ledger_sums_to_zero AFTER INSERT ON escrow_ledgerentry
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION escrow_ledger_sums_to_zero();
        CREATE FUNCTION escrow_ledger_stays() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'Ledger lines are never changed or deleted.'; END $$;
        CREATE TRIGGER ledger_stays BEFORE UPDATE OR DELETE ON escrow_ledgerentry
            FOR EACH ROW EXECUTE FUNCTION escrow_ledger_stays();
        """,
        """
        DROP TRIGGER ledger_stays ON escrow_ledgerentry; DROP FUNCTION escrow_ledger_stays();
        DROP TRIGGER ledger_sums_to_zero ON escrow_ledgerentry; DROP FUNCTION escrow_ledger_sums_to_zero();
        """,
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0001_initial"),
        ("chain", "0001_contracts_blocks_logs_outbox"),
        ("organizations", "0001_initial"),
        ("subscriptions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.CharField(
                        choices=[
                            ("buyer", "buyer"),
                            ("escrow", "escrow"),
                            ("provider", "provider"),
                            ("fees", "fees to the market"),
                        ],
                        max_length=20,
                    ),
                ),
                ("amount", chain.fields.Uint256Field(verbose_name="base units, signed")),
                ("event", models.CharField(max_length=20)),
                ("seq", models.PositiveBigIntegerField(verbose_name="place in the contract's events")),
                ("block_number", models.PositiveBigIntegerField()),
                ("tx_hash", models.CharField(max_length=66)),
                ("at", models.DateTimeField(verbose_name="time of the block")),
            ],
            options={
                "verbose_name_plural": "ledger entries",
                "ordering": ["seq", "id"],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(max_length=42, verbose_name="wallet that pays (EIP-55)")),
                ("contract", models.CharField(max_length=42)),
                (
                    "escrow_id",
                    models.CharField(max_length=66, verbose_name="id that the contract will give the deposit, bytes32"),
                ),
                ("tx_hash", models.CharField(blank=True, max_length=66, verbose_name="hash that the wallet told us")),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "given_up",
                    models.CharField(blank=True, max_length=300, verbose_name="why this did not become a deposit"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("through", models.DateTimeField(verbose_name="end of the last period that is due")),
                ("attempt", models.PositiveSmallIntegerField(default=1)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="Settlement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=32)),
                ("contract", models.CharField(max_length=42)),
                ("seq", models.PositiveBigIntegerField(default=0, verbose_name="last event settled")),
                ("stopped", models.CharField(blank=True, max_length=300, verbose_name="why it stands still")),
                ("stopped_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="StrayDeposit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=32)),
                ("contract", models.CharField(max_length=42)),
                ("escrow_id", models.CharField(max_length=66)),
                ("order_ref", models.CharField(max_length=66)),
                ("buyer_address", models.CharField(max_length=42)),
                ("provider_address", models.CharField(max_length=42)),
                ("total", chain.fields.Uint256Field()),
                ("fee_bps", models.PositiveSmallIntegerField()),
                ("treasury", models.CharField(max_length=42)),
                ("reason", models.CharField(max_length=200, verbose_name="what does not fit")),
                ("seq", models.PositiveBigIntegerField(verbose_name="place in the contract's events")),
                ("block_number", models.PositiveBigIntegerField()),
                ("tx_hash", models.CharField(max_length=66)),
                ("at", models.DateTimeField(verbose_name="time of the block")),
            ],
        ),
        migrations.CreateModel(
            name="WalletTransaction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "purpose",
                    models.CharField(
                        choices=[("cancel", "cancel a subscription"), ("withdraw", "withdraw what is credited")],
                        max_length=20,
                    ),
                ),
                ("subject", models.CharField(max_length=66, verbose_name="the deposit's id, or the token")),
                ("address", models.CharField(max_length=42)),
                ("tx_hash", models.CharField(max_length=66)),
                ("sent_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="Withdrawal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=32)),
                ("contract", models.CharField(max_length=42)),
                ("address", models.CharField(db_index=True, max_length=42, verbose_name="whose credit (EIP-55)")),
                ("to", models.CharField(max_length=42, verbose_name="where it went (EIP-55)")),
                ("amount", chain.fields.Uint256Field()),
                ("seq", models.PositiveBigIntegerField(verbose_name="place in the contract's events")),
                ("block_number", models.PositiveBigIntegerField()),
                ("tx_hash", models.CharField(max_length=66)),
                ("at", models.DateTimeField(verbose_name="time of the block")),
            ],
        ),
        migrations.CreateModel(
            name="Credit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=32)),
                ("contract", models.CharField(max_length=42)),
                ("address", models.CharField(max_length=42, verbose_name="who may withdraw (EIP-55)")),
                ("credited", chain.fields.Uint256Field(default=0)),
                ("withdrawn", chain.fields.Uint256Field(default=0)),
                (
                    "currency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.currency"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Escrow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("held", "held in escrow"),
                            ("released", "paid out in full"),
                            ("refunded", "cancelled and refunded"),
                            ("disputed", "frozen by a dispute"),
                            ("resolved", "split by an arbiter"),
                        ],
                        default="held",
                        max_length=20,
                    ),
                ),
                ("chain", models.CharField(max_length=32)),
                ("contract", models.CharField(max_length=42)),
                ("escrow_id", models.CharField(max_length=66, verbose_name="id in the contract, bytes32")),
                ("buyer_address", models.CharField(max_length=42)),
                ("provider_address", models.CharField(max_length=42)),
                ("total", chain.fields.Uint256Field()),
                ("price", chain.fields.Uint256Field(verbose_name="price per period")),
                ("period_seconds", models.PositiveIntegerField()),
                ("periods", models.PositiveIntegerField()),
                ("fee_bps", models.PositiveSmallIntegerField(verbose_name="fee fixed when funded")),
                ("treasury", models.CharField(max_length=42)),
                ("hold_seconds", models.PositiveIntegerField()),
                ("started_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("released", chain.fields.Uint256Field(default=0, verbose_name="gross paid out so far")),
                ("fee_paid", chain.fields.Uint256Field(default=0)),
                ("refunded", chain.fields.Uint256Field(default=0)),
                ("funded_block", models.PositiveBigIntegerField()),
                ("funded_tx", models.CharField(max_length=66)),
                ("next_due_at", models.DateTimeField(null=True, verbose_name="when the next period may be paid out")),
                (
                    "is_late",
                    models.BooleanField(default=False, verbose_name="came when its order could no longer be paid"),
                ),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "currency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.currency"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="escrow",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="escrows", to="subscriptions.order"
            ),
        ),
        migrations.AddField(
            model_name="escrow",
            name="provider",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="buyer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="currency",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.currency"
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="escrow",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="ledger", to="escrow.escrow"
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="provider",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="buyer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="subscriptions.order"
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="provider",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="relayed",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="chain.outgoingtransaction"
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="buyer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="escrow",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="releases", to="escrow.escrow"
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="provider",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="transaction",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="chain.outgoingtransaction"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.UniqueConstraint(fields=("chain", "contract"), name="one_settlement_per_contract"),
        ),
        migrations.AddField(
            model_name="straydeposit",
            name="currency",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.currency"
            ),
        ),
        migrations.AddField(
            model_name="wallettransaction",
            name="org",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
            ),
        ),
        migrations.AddField(
            model_name="withdrawal",
            name="currency",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.currency"
            ),
        ),
        migrations.AddConstraint(
            model_name="credit",
            constraint=models.UniqueConstraint(
                fields=("chain", "contract", "address", "currency"), name="one_credit_per_address"
            ),
        ),
        migrations.AddConstraint(
            model_name="credit",
            constraint=models.CheckConstraint(
                condition=models.Q(("credited__gte", models.F("withdrawn"))), name="credit_covers_withdrawals"
            ),
        ),
        migrations.AddConstraint(
            model_name="escrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["held", "released", "refunded", "disputed", "resolved"])),
                name="escrow_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="escrow",
            constraint=models.UniqueConstraint(fields=("chain", "contract", "escrow_id"), name="one_escrow_per_id"),
        ),
        migrations.AddConstraint(
            model_name="escrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "total__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("released"), "+", models.F("refunded")
                        ),
                    )
                ),
                name="escrow_pays_no_more_than_it_holds",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(
                fields=("escrow", "seq", "account"), name="one_line_per_account_and_event"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount", 0), _negated=True), name="ledger_line_moves_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("given_up", "")), fields=("order",), name="one_standing_payment_per_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("relayed__isnull", True), ("tx_hash", ""), _connector="OR"),
                name="payment_goes_one_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(
                fields=("escrow", "through", "attempt"), name="one_release_per_period_and_attempt"
            ),
        ),
        migrations.AddConstraint(
            model_name="straydeposit",
            constraint=models.UniqueConstraint(
                fields=("chain", "contract", "escrow_id"), name="one_stray_deposit_per_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="wallettransaction",
            constraint=models.UniqueConstraint(fields=("org", "tx_hash"), name="one_row_per_wallet_transaction"),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.UniqueConstraint(fields=("chain", "contract", "seq"), name="one_withdrawal_per_event"),
        ),
        migrations.AddIndex(
            model_name="escrow",
            index=models.Index(condition=models.Q(("state", "held")), fields=["next_due_at"], name="escrow_due"),
        ),
        migrations.AddIndex(
            model_name="escrow",
            index=models.Index(fields=["buyer", "-started_at"], name="escrow_by_buyer"),
        ),
        migrations.AddIndex(
            model_name="escrow",
            index=models.Index(fields=["provider", "-started_at"], name="escrow_by_provider"),
        ),
        row_policy("escrow_escrow", orgs=["buyer_id", "provider_id"]),
        row_policy("escrow_ledgerentry", orgs=["buyer_id", "provider_id"]),
        row_policy("escrow_payment", orgs=["buyer_id", "provider_id"]),
        row_policy("escrow_release", orgs=["buyer_id", "provider_id"]),
        row_policy("escrow_wallettransaction", orgs=["org_id"]),
        same_owner("escrow_escrow", ["order_id", "buyer_id", "provider_id"], "subscriptions_order", BOTH),
        same_owner("escrow_ledgerentry", ["escrow_id", "buyer_id", "provider_id"], "escrow_escrow", BOTH),
        same_owner("escrow_payment", ["order_id", "buyer_id", "provider_id"], "subscriptions_order", BOTH),
        same_owner("escrow_release", ["escrow_id", "buyer_id", "provider_id"], "escrow_escrow", BOTH),
        sums_to_zero(),
    ]

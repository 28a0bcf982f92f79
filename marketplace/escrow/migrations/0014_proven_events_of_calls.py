"""Events of deposits for calls are proven too."""

import django.db.models.deletion
from django.db import migrations, models

from marketplace.tenancy.policies import same_owner

BOTH = ["id", "buyer_id", "provider_id"]


class Migration(migrations.Migration):
    dependencies = [
        ("chain", "0010_receipt_proofs"),
        ("escrow", "0013_invoices_for_calls"),
        ("organizations", "0009_invoices_and_vat"),
    ]

    operations = [
        migrations.AddField(
            model_name="provenevent",
            name="calls",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="proven", to="escrow.calldeposit"
            ),
        ),
        migrations.AlterField(
            model_name="provenevent",
            name="escrow",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="proven", to="escrow.escrow"
            ),
        ),
        migrations.AlterField(model_name="provenevent", name="name", field=models.CharField(max_length=30)),
        migrations.AddConstraint(
            model_name="provenevent",
            constraint=models.UniqueConstraint(fields=("calls", "seq"), name="one_proof_per_channel_event"),
        ),
        migrations.AddConstraint(
            model_name="provenevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("calls__isnull", True), ("escrow__isnull", False)),
                    models.Q(("calls__isnull", False), ("escrow__isnull", True)),
                    _connector="OR",
                ),
                name="proven_event_is_of_one_deposit",
            ),
        ),
        same_owner("escrow_provenevent", ["calls_id", "buyer_id", "provider_id"], "escrow_calldeposit", BOTH),
    ]

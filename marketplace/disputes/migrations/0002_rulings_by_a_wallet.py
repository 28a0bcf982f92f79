from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chain", "0010_receipt_proofs"),
        ("disputes", "0001_disputes"),
        ("organizations", "0009_invoices_and_vat"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="ruling",
            name="ruling_state",
        ),
        migrations.RemoveConstraint(
            model_name="ruling",
            name="one_ruling_stands",
        ),
        migrations.RemoveConstraint(
            model_name="ruling",
            name="ruling_is_confirmed_before_it_is_sent",
        ),
        migrations.AddField(
            model_name="dispute",
            name="looked_into_at",
            field=models.DateTimeField(
                null=True, verbose_name="when moderators noted a ruling that was not decided here"
            ),
        ),
        migrations.AddField(
            model_name="ruling",
            name="asked_at",
            field=models.DateTimeField(null=True, verbose_name="when this wallet was given the transaction last"),
        ),
        migrations.AddField(
            model_name="ruling",
            name="sent_at",
            field=models.DateTimeField(null=True, verbose_name="when the wallet said so"),
        ),
        migrations.AddField(
            model_name="ruling",
            name="tx_hash",
            field=models.CharField(
                blank=True, db_default="", max_length=66, verbose_name="hash that this wallet told us, or the final log"
            ),
        ),
        migrations.AddField(
            model_name="ruling",
            name="wallet",
            field=models.CharField(
                blank=True,
                db_default="",
                max_length=42,
                verbose_name="the arbiter's own wallet that was asked to send it",
            ),
        ),
        migrations.AlterField(
            model_name="ruling",
            name="state",
            field=models.CharField(
                choices=[
                    ("proposed", "proposed"),
                    ("withdrawn", "withdrawn"),
                    ("decided", "decided, and waiting for an arbiter's wallet"),
                    ("sent", "handed to the contract"),
                    ("done", "carried out"),
                    ("failed", "not carried out"),
                ],
                default="proposed",
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="ruling",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["proposed", "withdrawn", "decided", "sent", "done", "failed"])),
                name="ruling_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="ruling",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["proposed", "decided", "sent", "done"])),
                fields=("dispute",),
                name="one_ruling_stands",
            ),
        ),
        migrations.AddConstraint(
            model_name="ruling",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["decided", "sent", "done"]), _negated=True),
                    ("confirmed_at__isnull", False),
                    _connector="OR",
                ),
                name="ruling_is_confirmed_before_it_is_sent",
            ),
        ),
        migrations.AddConstraint(
            model_name="ruling",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["sent", "done"]), _negated=True),
                    models.Q(
                        ("provider__isnull", False),
                        models.Q(("sending__isnull", False), models.Q(("tx_hash", ""), _negated=True), _connector="OR"),
                    ),
                    _connector="OR",
                ),
                name="ruling_that_is_sent_has_its_transaction",
            ),
        ),
        migrations.AddConstraint(
            model_name="ruling",
            constraint=models.CheckConstraint(
                condition=models.Q(("sending__isnull", True), ("wallet", ""), _connector="OR"),
                name="ruling_goes_one_way_at_a_time",
            ),
        ),
    ]

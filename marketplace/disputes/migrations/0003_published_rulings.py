import django.db.models.deletion
from django.db import migrations, models

import chain.fields


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0025_prices_by_the_call"),
        ("disputes", "0002_rulings_by_a_wallet"),
    ]

    operations = [
        migrations.CreateModel(
            name="PublishedRuling",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.CharField(max_length=41)),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("down", "It does not answer"),
                            ("otherwise", "It does not do what was promised"),
                            ("quality", "Its results are not usable"),
                            ("data", "It handled our data otherwise than agreed"),
                            ("other", "Something else"),
                            ("unsaid", "Opened on the chain, without a text"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("ruled", "An arbiter split what was contested"),
                            ("timed_out", "Nobody ruled in time"),
                            ("given_in", "The buyer withdrew it"),
                            ("given_back", "The provider gave the money back"),
                        ],
                        max_length=20,
                    ),
                ),
                ("provider_bps", models.PositiveSmallIntegerField()),
                ("contested", chain.fields.Uint256Field()),
                ("net", chain.fields.Uint256Field(verbose_name="to the provider")),
                ("fee", chain.fields.Uint256Field(verbose_name="to the market")),
                ("refund", chain.fields.Uint256Field(verbose_name="to the buyer")),
                (
                    "arbiter",
                    models.CharField(blank=True, max_length=42, verbose_name="who ruled; empty when the time did"),
                ),
                (
                    "ruling_hash",
                    models.CharField(blank=True, max_length=66, verbose_name="hash of the reasons, bytes32"),
                ),
                ("tx_hash", models.CharField(max_length=66)),
                ("block_number", models.PositiveBigIntegerField()),
                ("resolved_at", models.DateTimeField(verbose_name="time of the block")),
                (
                    "decided_here",
                    models.BooleanField(verbose_name="whether the contract has what was decided at this market"),
                ),
                ("appealed", models.BooleanField(default=False, verbose_name="whether a side has appealed to the DAO")),
                (
                    "currency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.currency"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="dispute",
            name="published",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="disputes.publishedruling"
            ),
        ),
        migrations.AddConstraint(
            model_name="publishedruling",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("outcome", "ruled"),
                        models.Q(("arbiter", ""), _negated=True),
                        models.Q(("ruling_hash", ""), _negated=True),
                    ),
                    models.Q(("arbiter", ""), ("outcome", "timed_out"), ("ruling_hash", "")),
                    _connector="OR",
                ),
                name="published_ruling_is_ruled_or_timed_out",
            ),
        ),
    ]

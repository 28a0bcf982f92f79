"""Appeals to the DAO against rulings, and the secret links of their drafts."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import chain.fields
from marketplace.tenancy.policies import row_policy, same_owner


class Migration(migrations.Migration):
    dependencies = [
        ("disputes", "0003_published_rulings"),
        ("organizations", "0009_invoices_and_vat"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Appeal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("side", models.CharField(choices=[("buyer", "buyer"), ("provider", "provider")], max_length=20)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("filed", "being written"),
                            ("proposed", "before the DAO"),
                            ("accepted", "carried out"),
                            ("rejected", "not accepted"),
                            ("lapsed", "never proposed"),
                        ],
                        default="filed",
                        max_length=20,
                    ),
                ),
                (
                    "remedy",
                    models.CharField(
                        choices=[
                            ("dismiss", "Dismiss the arbiter"),
                            ("pay", "Pay us a compensation from the treasury"),
                            ("both", "Both"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "amount",
                    chain.fields.Uint256Field(default=0, verbose_name="compensation that is asked for, in base units"),
                ),
                ("text", models.TextField(max_length=4000)),
                ("filed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "proposal_path",
                    models.CharField(blank=True, max_length=200, verbose_name="the page of the proposal"),
                ),
                ("proposed_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
                (
                    "dispute",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="appeals", to="disputes.dispute"
                    ),
                ),
                (
                    "filed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                        verbose_name="who appeals",
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AppealDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(max_length=200)),
                (
                    "appeal",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="draft", to="disputes.appeal"
                    ),
                ),
                (
                    "org",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["filed", "proposed", "accepted", "rejected", "lapsed"])),
                name="appeal_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.UniqueConstraint(fields=("dispute", "side"), name="one_appeal_per_side"),
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("org", models.F("buyer")), ("side", "buyer")),
                    models.Q(("org", models.F("provider")), ("side", "provider")),
                    _connector="OR",
                ),
                name="appeal_is_of_its_side",
            ),
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount", 0), ("remedy", "dismiss")),
                    models.Q(("amount__gt", 0), ("remedy__in", ["pay", "both"])),
                    _connector="OR",
                ),
                name="appeal_asks_for_an_amount_or_for_none",
            ),
        ),
        migrations.AddConstraint(
            model_name="appeal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["proposed", "accepted", "rejected"]), _negated=True),
                    models.Q(models.Q(("proposal_path", ""), _negated=True), ("proposed_at__isnull", False)),
                    _connector="OR",
                ),
                name="appeal_that_is_proposed_has_its_proposal",
            ),
        ),
        row_policy("disputes_appeal", orgs=["buyer_id", "provider_id", "org_id"]),
        row_policy("disputes_appealdraft", orgs=["org_id"]),
        same_owner("disputes_appeal", ["dispute_id", "buyer_id"], "disputes_dispute", ["id", "buyer_id"]),
        same_owner("disputes_appeal", ["dispute_id", "provider_id"], "disputes_dispute", ["id", "provider_id"]),
        same_owner("disputes_appealdraft", ["appeal_id", "org_id"], "disputes_appeal", ["id", "org_id"]),
    ]

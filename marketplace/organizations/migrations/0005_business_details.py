import django.db.models.deletion
from django.db import migrations, models

from marketplace.tenancy.policies import row_policy


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0004_verified_says_what_was_checked"),
    ]

    operations = [
        migrations.CreateModel(
            name="BusinessDetails",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "size",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("1", "Just me"),
                            ("2-9", "2 to 9 people"),
                            ("10-49", "10 to 49 people"),
                            ("50-249", "50 to 249 people"),
                            ("250+", "250 people or more"),
                        ],
                        max_length=10,
                        verbose_name="how many you are",
                    ),
                ),
                (
                    "sector",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("farming", "Farming and food"),
                            ("making", "Manufacturing"),
                            ("building", "Building and crafts"),
                            ("trade", "Shops and wholesale"),
                            ("hospitality", "Hotels and restaurants"),
                            ("transport", "Transport and logistics"),
                            ("software", "Software and data"),
                            ("advice", "Advice, law and accounting"),
                            ("health", "Health and care"),
                            ("learning", "Education"),
                            ("public", "Associations and public bodies"),
                            ("other", "Something else"),
                        ],
                        max_length=20,
                        verbose_name="what you work in",
                    ),
                ),
                (
                    "registration_number",
                    models.CharField(blank=True, max_length=60, verbose_name="registration number"),
                ),
                ("vat_number", models.CharField(blank=True, max_length=20, verbose_name="VAT number")),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("want", "What you want"),
                            ("people", "Your people"),
                            ("wallet", "Your wallet"),
                            ("done", "Done"),
                        ],
                        default="want",
                        max_length=10,
                        verbose_name="next step of onboarding",
                    ),
                ),
                (
                    "org",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="details",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("step__in", ["want", "people", "wallet", "done"])), name="details_step"
                    )
                ],
            },
        ),
        row_policy("organizations_businessdetails", orgs=["org_id"]),
    ]

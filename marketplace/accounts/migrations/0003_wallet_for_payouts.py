"""One wallet of each person is offered first where payouts go."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_messages_for_strangers")]

    operations = [
        migrations.AddField(
            model_name="wallet",
            name="is_payout",
            field=models.BooleanField(default=False, verbose_name="offered first where payouts go"),
        ),
        migrations.AddConstraint(
            model_name="wallet",
            constraint=models.UniqueConstraint(
                condition=models.Q(is_payout=True), fields=["user"], name="one_payout_wallet_a_person"
            ),
        ),
    ]

"""Whoever has wallets already is offered the oldest one first."""

from django.db import migrations

MARK = """
UPDATE accounts_wallet AS wallet SET is_payout = true
WHERE NOT EXISTS (
    SELECT FROM accounts_wallet AS other
    WHERE other.user_id = wallet.user_id AND (other.is_payout OR (other.linked_at, other.id) < (wallet.linked_at, wallet.id))
)
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_wallet_for_payouts")]

    operations = [migrations.RunSQL(MARK, migrations.RunSQL.noop)]

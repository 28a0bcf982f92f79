"""Whether the contract takes money is one of the terms that orders are placed on: its rows go to where those are."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("escrow", "0004_renewals"),
        ("subscriptions", "0007_pause"),
    ]

    operations = [
        migrations.RunSQL(
            "INSERT INTO subscriptions_pause (chain, contract, seq, block_number, tx_hash, at, paused) "
            "SELECT chain, contract, seq, block_number, tx_hash, at, paused FROM escrow_pause ORDER BY seq",
            "INSERT INTO escrow_pause (chain, contract, seq, block_number, tx_hash, at, paused) "
            "SELECT chain, contract, seq, block_number, tx_hash, at, paused FROM subscriptions_pause ORDER BY seq",
        )
    ]

"""Governors of other versions and kinds; tokens and timelocks that serve several of them."""

import django.db.models.deletion
from django.db import migrations, models

import chain.fields


class Migration(migrations.Migration):
    dependencies = [
        ("chain", "0009_contract_topics"),
        ("governance", "0001_proposals_votes_and_power"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="governor",
            name="governor_timelock_is_hex",
        ),
        migrations.AddField(
            model_name="governor",
            name="caught_up_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="governor",
            name="constants",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="governor",
            name="counted_final",
            field=models.BigIntegerField(db_default=-1, default=-1),
        ),
        migrations.AddField(
            model_name="governor",
            name="counted_hash",
            field=models.CharField(blank=True, db_default="", default="", max_length=66),
        ),
        migrations.AddField(
            model_name="governor",
            name="counted_number",
            field=models.BigIntegerField(db_default=-1, default=-1),
        ),
        migrations.AddField(
            model_name="governor",
            name="grace",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="governor",
            name="has_late_quorum",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="governor",
            name="has_settings",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="governor",
            name="has_storage",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="governor",
            name="is_own",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="governor",
            name="nonces",
            field=models.CharField(
                choices=[("keyed", "Keyed"), ("plain", "Plain"), ("none", "None")],
                db_default="keyed",
                default="keyed",
                max_length=5,
            ),
        ),
        migrations.AddField(
            model_name="governor",
            name="quorum_kind",
            field=models.CharField(
                choices=[("fraction", "Fraction"), ("asked", "Asked")],
                db_default="fraction",
                default="fraction",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="governor",
            name="salt",
            field=models.CharField(
                choices=[("governor", "Governor"), ("description", "Description")],
                db_default="governor",
                default="governor",
                max_length=11,
            ),
        ),
        migrations.AddField(
            model_name="governor",
            name="timelock_kind",
            field=models.CharField(
                choices=[("control", "Control"), ("compound", "Compound"), ("none", "None")],
                db_default="control",
                default="control",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="governor",
            name="torn_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="proposal",
            name="quorum_said",
            field=chain.fields.Uint256Field(null=True),
        ),
        migrations.AddField(
            model_name="token",
            name="kind",
            field=models.CharField(
                choices=[("erc20", "Erc20"), ("erc721", "Erc721"), ("votes", "Votes")],
                db_default="erc20",
                default="erc20",
                max_length=6,
            ),
        ),
        migrations.AlterField(
            model_name="delegation",
            name="governor",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="delegations",
                to="governance.governor",
            ),
        ),
        migrations.AlterField(
            model_name="delegation",
            name="log",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="chain.log",
            ),
        ),
        migrations.AlterField(
            model_name="governor",
            name="timelock",
            field=models.CharField(blank=True, max_length=42),
        ),
        migrations.AlterField(
            model_name="powercheckpoint",
            name="governor",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="checkpoints",
                to="governance.governor",
            ),
        ),
        migrations.AlterField(
            model_name="powercheckpoint",
            name="log",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="chain.log",
            ),
        ),
        migrations.AlterField(
            model_name="setting",
            name="log",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="chain.log",
            ),
        ),
        migrations.AlterField(
            model_name="setting",
            name="name",
            field=models.CharField(
                choices=[
                    ("voting delay", "Voting Delay"),
                    ("voting period", "Voting Period"),
                    ("proposal threshold", "Proposal Threshold"),
                    ("quorum numerator", "Quorum Numerator"),
                    ("late quorum extension", "Late Quorum Extension"),
                    ("minimum delay", "Min Delay"),
                    ("timelock", "Timelock"),
                ],
                max_length=24,
            ),
        ),
        migrations.AlterField(
            model_name="step",
            name="log",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="chain.log",
            ),
        ),
        migrations.AlterField(
            model_name="supplychange",
            name="governor",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="supply_changes",
                to="governance.governor",
            ),
        ),
        migrations.AlterField(
            model_name="supplychange",
            name="log",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="chain.log",
            ),
        ),
        migrations.AddIndex(
            model_name="supplychange",
            index=models.Index(fields=["governor", "timepoint"], include=("delta",), name="supply_at"),
        ),
        migrations.AddConstraint(
            model_name="delegation",
            constraint=models.UniqueConstraint(fields=("log", "governor"), name="delegation_once"),
        ),
        migrations.AddConstraint(
            model_name="governor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("timelock__regex", "^0x[0-9a-fA-F]{40}$"), models.Q(("timelock_kind", "none"), _negated=True)
                    ),
                    models.Q(("timelock", ""), ("timelock_kind", "none")),
                    _connector="OR",
                ),
                name="governor_timelock_fits_its_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="governor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("quorum_kind__in", ["fraction", "asked"]),
                    ("salt__in", ["governor", "description"]),
                    ("nonces__in", ["keyed", "plain", "none"]),
                    ("timelock_kind__in", ["control", "compound", "none"]),
                ),
                name="governor_kinds",
            ),
        ),
        migrations.AddConstraint(
            model_name="governor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("timelock_kind", "compound"), _negated=True), ("grace__gte", 0), _connector="OR"
                ),
                name="governor_grace_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="powercheckpoint",
            constraint=models.UniqueConstraint(fields=("log", "governor"), name="power_checkpoint_once"),
        ),
        migrations.AddConstraint(
            model_name="setting",
            constraint=models.UniqueConstraint(fields=("log", "governor"), name="setting_once"),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.UniqueConstraint(fields=("log", "proposal"), name="step_once"),
        ),
        migrations.AddConstraint(
            model_name="supplychange",
            constraint=models.UniqueConstraint(fields=("log", "governor"), name="supply_change_once"),
        ),
        migrations.AddConstraint(
            model_name="token",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["erc20", "erc721", "votes"])), name="token_kind"
            ),
        ),
    ]

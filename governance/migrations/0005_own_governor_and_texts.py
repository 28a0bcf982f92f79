"""Until now the first governor was the market's own; texts come from the bytes of descriptions."""

from django.db import migrations


def fill(apps, schema_editor):
    governor, proposal = apps.get_model("governance", "Governor"), apps.get_model("governance", "Proposal")
    on = schema_editor.connection.alias
    for chain in governor.objects.using(on).values_list("chain", flat=True).distinct():
        first = governor.objects.using(on).filter(chain=chain).order_by("pk").first()
        governor.objects.using(on).filter(pk=first.pk).update(is_own=True)
    for row in proposal.objects.using(on).only("pk", "description_bytes").iterator(500):
        text = bytes(row.description_bytes).decode("utf-8", "replace").replace("\x00", "")
        proposal.objects.using(on).filter(pk=row.pk).update(text=text)


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0004_proposal_text"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]

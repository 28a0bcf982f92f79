"""A message to be signed may be given to a browser in which nobody is signed in yet."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="signinnonce",
            name="browser",
            field=models.CharField(
                blank=True, default="", max_length=64, verbose_name="SHA-256 of the secret in the browser's session"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="signinnonce",
            name="purpose",
            field=models.CharField(
                choices=[("link", "link a wallet"), ("sign_in", "sign in"), ("confirm", "confirm who acts")],
                default="link",
                max_length=7,
            ),
        ),
        migrations.AlterField(
            model_name="signinnonce",
            name="user",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="signinnonce",
            index=models.Index(fields=["browser", "address"], name="nonce_awaits_a_stranger"),
        ),
        migrations.AddConstraint(
            model_name="signinnonce",
            constraint=models.CheckConstraint(
                condition=models.Q(purpose="sign_in", user__isnull=True) & ~models.Q(browser="")
                | models.Q(purpose__in=["link", "confirm"], user__isnull=False, browser=""),
                name="nonce_is_asked_by_a_person_or_a_browser",
            ),
        ),
    ]

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Max, OuterRef, Q, Subquery


def confirm_what_was_sent(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    sent = apps.get_model("orders", "OrderEmail").objects.filter(order=OuterRef("pk"), kind="confirmation")
    newest = sent.order_by().values("order").annotate(newest=Max("sent_at")).values("newest")
    apps.get_model("orders", "Order").objects.update(confirmed_at=Subquery(newest))


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0002_payment_postage_and_languages"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="order",
            options={
                "permissions": [
                    ("resend_confirmation", "Can send confirmations again"),
                    ("fulfil_order", "Can mark orders as paid, ship and cancel them"),
                    ("anonymise_order", "Can anonymise orders"),
                ]
            },
        ),
        migrations.AddField(
            model_name="order",
            name="confirmed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunPython(confirm_what_was_sent, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["created_at"], name="order_placed"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(condition=Q(("confirmed_at", None)), fields=["created_at"], name="order_unconfirmed"),
        ),
    ]

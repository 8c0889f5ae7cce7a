"""The groups of staff, once: what an administrator makes of them afterwards stays as it is."""

from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SUPPORT = {
    "orders.view_order",
    # Of an order, the e-mail address alone can be changed: whom a typing error cost the e-mail is whom support talks to.
    "orders.change_order",
    "orders.resend_confirmation",
    "messaging.view_failedjob",
    "messaging.view_batch",
    "messaging.view_outboxmessage",
    "messaging.view_worker",
    "messaging.view_pausedqueue",
    "messaging.see_addresses",
}
GROUPS = {
    "Support": SUPPORT,
    "Operations": {
        *SUPPORT,
        "orders.fulfil_order",
        "messaging.retry_failedjob",
        "messaging.discard_failedjob",
        "messaging.pause_queue",
        "messaging.hurry_outboxmessage",
    },
}


def make_groups(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    permissions = existing_permissions(apps)
    for name, labels in GROUPS.items():
        group, made = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        if made:
            group.permissions.set(permissions[label] for label in labels)


def existing_permissions(apps: Apps) -> dict[str, Any]:
    """By "app.codename". Django makes them after the last migration; on a new database they are wanted before that."""
    for label in ("messaging", "orders"):
        app: Any = apps.get_app_config(label)
        if not getattr(app, "models_module", None):
            app.models_module = True  # an app of the past has none, and Django takes it for one without models
        create_permissions(app, apps=apps, verbosity=0)
    rows = apps.get_model("auth", "Permission").objects.select_related("content_type")
    return {f"{row.content_type.app_label}.{row.codename}": row for row in rows}


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0003_email_state"),
        ("messaging", "0006_log_of_an_object"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]

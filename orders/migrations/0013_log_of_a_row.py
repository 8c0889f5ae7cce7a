"""What staff did to one order or failed job is found without reading what they did to all of them.

Django's own table has no such index: a retry of a hundred thousand failed jobs makes as many entries of one type.
"""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0012_search"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX admin_log_of_a_row ON django_admin_log (content_type_id, object_id)",
            "DROP INDEX admin_log_of_a_row",
        ),
    ]

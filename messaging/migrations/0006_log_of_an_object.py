from django.db import migrations


class Migration(migrations.Migration):
    """What staff did about one failed job, or one order, is looked up on its page. The admin's log has no index for that,
    and a Retry of a hundred thousand jobs writes as many entries into it.
    """

    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("messaging", "0005_queues_and_workers"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX admin_log_of_an_object ON django_admin_log (object_id, content_type_id)",
            "DROP INDEX admin_log_of_an_object",
        )
    ]

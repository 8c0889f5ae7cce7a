from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0005_queues_and_workers"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="outboxmessage",
            index=models.Index(fields=["subject"], name="outbox_subject"),
        ),
        migrations.AddIndex(
            model_name="publishedmessage",
            index=models.Index(fields=["subject"], name="published_subject"),
        ),
    ]

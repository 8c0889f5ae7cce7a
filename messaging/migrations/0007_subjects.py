from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0006_log_of_an_object"),
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

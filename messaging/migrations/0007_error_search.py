from django.db import migrations, models
from django.db.models.functions import Left, Upper


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0006_log_of_an_object"),
    ]

    operations = [
        migrations.AddField(
            model_name="failedjob",
            name="searched",
            field=models.GeneratedField(
                db_persist=True, expression=Upper(Left("error", 2000)), output_field=models.TextField()
            ),
        ),
        migrations.AddIndex(
            model_name="failedjob",
            index=models.Index(fields=["-last_failed_at"], name="failed_job_list_of_all"),
        ),
    ]

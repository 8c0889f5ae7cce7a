"""On PostgreSQL, find customers among a million orders by any part of their name or e-mail."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

#: As Django writes `icontains`, or PostgreSQL would not think of the index.
INDEXES = {"order_name_search": "upper(name)", "order_email_search": "upper(email)"}


def index_parts_of_words(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
        if not cursor.fetchone():
            return  # a PostgreSQL without its usual extensions: searches read every order, and find the same
        # Who may create tables may create this extension: https://www.postgresql.org/docs/current/pgtrgm.html
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        for name, words in INDEXES.items():
            cursor.execute(f"CREATE INDEX {name} ON orders_order USING gin ({words} gin_trgm_ops)")


def drop_indexes(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for name in INDEXES:
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0004_groups"),
    ]

    operations = [migrations.RunPython(index_parts_of_words, drop_indexes)]

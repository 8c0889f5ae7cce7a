"""A store of the limits package in the shop's own database: every web process counts there, and no Redis is needed."""

from __future__ import annotations

import time

from django.db import DatabaseError, connection, transaction
from limits.storage import Storage

from shop.limits.models import Counter

# One statement, so that two requests at the same moment are two. PostgreSQL and SQLite understand it alike.
COUNT = """
INSERT INTO limits_counter AS old (key, count, expires_at) VALUES (%(key)s, %(amount)s, %(end)s)
ON CONFLICT (key) DO UPDATE SET
  count = CASE WHEN old.expires_at <= %(now)s THEN 0 ELSE old.count END + excluded.count,
  expires_at = CASE WHEN old.expires_at <= %(now)s THEN excluded.expires_at ELSE old.expires_at END
RETURNING count
"""


class DatabaseStore(Storage):
    STORAGE_SCHEME = None

    @property
    def base_exceptions(self) -> type[Exception]:
        return DatabaseError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        # A transaction of its own, or a savepoint, so that a failure here is nobody else's.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(COUNT, {"key": key, "amount": amount, "now": now, "end": now + expiry})
            count: int = cursor.fetchone()[0]
        if count == amount:  # a window has begun: the moment to sweep some that are over
            sweep(now)
        return count

    def get(self, key: str) -> int:
        there = Counter.objects.filter(key=key, expires_at__gt=time.time())
        return there.values_list("count", flat=True).first() or 0

    def get_expiry(self, key: str) -> float:
        return Counter.objects.filter(key=key).values_list("expires_at", flat=True).first() or time.time()

    def check(self) -> bool:
        Counter.objects.exists()
        return True

    def reset(self) -> int:
        return Counter.objects.all().delete()[0]

    def clear(self, key: str) -> None:
        Counter.objects.filter(key=key).delete()


def sweep(now: float) -> None:
    with transaction.atomic():
        # Whoever holds one is sweeping it too, or begins its next window: nobody waits for anybody here.
        over = Counter.objects.select_for_update(skip_locked=True).filter(expires_at__lte=now)
        Counter.objects.filter(pk__in=list(over.values_list("pk", flat=True)[:100])).delete()

from __future__ import annotations

from django.db import models


class Counter(models.Model):
    """How often one client has done one thing since its window began. Whose it is cannot be read from it."""

    key = models.CharField(max_length=200, primary_key=True)
    count = models.PositiveIntegerField()
    #: Seconds since the epoch: then the window is over, and the next one begins at zero.
    expires_at = models.FloatField(db_index=True)

    def __str__(self) -> str:
        return self.key

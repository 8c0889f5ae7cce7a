"""The admin of messaging: what staff see of messages, and what they do about those that failed."""

from __future__ import annotations

from messaging.admin import batches, failed_jobs, outbox, overview

__all__ = ["batches", "failed_jobs", "outbox", "overview"]

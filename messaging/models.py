"""The tables of messaging. The web tier reads these and never AMQP."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Left, Now, Upper
from django.utils import timezone

#: Characters of an error in which a search looks for words.
SEARCHED = 2000


class OutboxMessage(models.Model):
    """A message that RabbitMQ has not confirmed yet; the relay deletes it when it has."""

    message_id = models.UUIDField()
    type = models.CharField(max_length=255)
    subject = models.CharField(max_length=255, blank=True)
    body = models.BinaryField()
    queue = models.CharField(
        max_length=255, blank=True, help_text="The one job that is to get it; empty: every subscribed job."
    )
    attempt = models.PositiveIntegerField(default=1)
    available_at = models.DateTimeField(help_text="Not published before.")
    parked_reason = models.TextField(blank=True, help_text="Why RabbitMQ did not take it the last time.")
    parked_at = models.DateTimeField(
        "parked since", null=True, editable=False, help_text="When RabbitMQ first refused it."
    )

    class Meta:
        indexes = [
            # The order of publishing; it also finds what is due without looking at what is scheduled for later.
            models.Index(fields=["available_at", "id"], name="outbox_due"),
            # None for what staff look for: whatever waits, waits for minutes, and each order would pay for the index.
            # Costs nothing as long as nothing is parked.
            models.Index(fields=["parked_at"], name="outbox_parked", condition=Q(parked_at__isnull=False)),
        ]
        permissions = [("hurry_outboxmessage", "Can have outbox messages tried again now")]

    def __str__(self) -> str:
        return f"{self.type} {self.message_id}"


class PublishedMessage(models.Model):
    """A message that RabbitMQ has confirmed, for one job that is not known to have settled it: see recovery.py."""

    message_id = models.UUIDField()
    type = models.CharField(max_length=255)
    subject = models.CharField(max_length=255, blank=True)
    body = models.BinaryField()
    queue = models.CharField(max_length=255)
    attempt = models.PositiveIntegerField()
    published_at = models.DateTimeField()
    look_at = models.DateTimeField(db_index=True, help_text="When to look next whether the job has settled it.")

    def __str__(self) -> str:
        return f"{self.queue} {self.message_id}"


class ProcessedMessage(models.Model):
    """The inbox: a (message, job) pair that is done. Written in the transaction of the job's own effects."""

    message_id = models.UUIDField()
    queue = models.CharField(max_length=255)
    processed_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message_id", "queue"], name="inbox_once")]

    def __str__(self) -> str:
        return f"{self.queue} {self.message_id}"


class Batch(models.Model):
    """What a member of staff did to some failed jobs in one go. Its progress is the state of the jobs that it took."""

    class Action(models.TextChoices):
        RETRY = "retry", "retry"
        DISCARD = "discard", "discard"

    action = models.CharField(max_length=20, choices=Action, editable=False)
    chosen = models.CharField(max_length=255, editable=False, help_text="What was chosen, in words.")
    reason = models.CharField(max_length=255, blank=True, editable=False)
    made_by = models.CharField(max_length=255, editable=False)
    made_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    taken = models.PositiveIntegerField(default=0, editable=False)
    #: They needed no attention any more when their turn came: somebody was faster.
    skipped = models.PositiveIntegerField(default=0, editable=False)
    #: What they were for had been achieved in another way: how many, by the reason.
    done_already = models.JSONField(default=dict, editable=False)
    #: Left as they are: how many failed jobs of which queue no job of this release would take.
    without_job = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return f"batch {self.pk}"


class FailedJobs(models.Manager["FailedJob"]):
    """Without the column that only searches read, and they in the database."""

    def get_queryset(self) -> models.QuerySet[FailedJob]:
        return super().get_queryset().defer("searched")


class FailedJob(models.Model):
    """A (message, job) pair whose attempts have failed.

    (an attempt fails) ──> retrying ──(attempts used up, or permanent)──> needs attention
                              │  ^                                           │       │
                              │  └───────────(fails again)──── retried <──(staff)    └──(staff)──> discarded
                              │                                   │
                              └───────────> resolved <────────────┘
    """

    class State(models.TextChoices):
        RETRYING = "retrying", "retrying"
        NEEDS_ATTENTION = "needs_attention", "needs attention"
        RETRIED = "retried", "retried by staff"
        RESOLVED = "resolved", "resolved"
        DISCARDED = "discarded", "discarded"

    class Kind(models.TextChoices):
        TEMPORARY = "temporary", "failed, will be tried again"
        PERMANENT = "permanent", "permanent error"
        USED_UP = "used_up", "attempts used up"
        NOT_A_MESSAGE = "not_a_message", "unreadable message"
        UNKNOWN_TYPE = "unknown_type", "unknown event type"
        NEWER_VERSION = "newer_version", "written by a newer release"
        CRASH_LOOP = "crash_loop", "crash loop: it ended every worker that tried"
        DEAD_LETTERED = "dead_lettered", "removed from its queue by RabbitMQ"

    message_id = models.UUIDField(editable=False)
    queue = models.CharField(max_length=255, editable=False)
    type = models.CharField(max_length=255, blank=True, editable=False)
    subject = models.CharField(max_length=255, blank=True, editable=False)
    state = models.CharField(max_length=20, choices=State, editable=False)
    kind = models.CharField(max_length=20, choices=Kind, editable=False)
    #: The class of the last error.
    error_class = models.CharField(max_length=255, blank=True, editable=False)
    error = models.TextField(blank=True, editable=False)
    #: Its beginning, in capitals: what a search reads, which would take seconds to make them of every error.
    searched = models.GeneratedField(
        expression=Upper(Left("error", SEARCHED)), output_field=models.TextField(), db_persist=True
    )
    #: Equal for jobs that failed in the same way: see messaging/fingerprint.py.
    fingerprint = models.CharField(max_length=16, blank=True, editable=False)
    body = models.BinaryField(editable=False)
    headers = models.JSONField(default=dict, editable=False)
    attempts = models.PositiveIntegerField(default=0, editable=False)
    #: The attempts made before staff last pressed Retry: they do not count against the job's limit any more.
    attempts_forgiven = models.PositiveIntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(null=True, editable=False)
    first_failed_at = models.DateTimeField(auto_now_add=True)
    last_failed_at = models.DateTimeField(editable=False)
    #: The newest batch that has taken it.
    batch = models.ForeignKey(
        Batch, models.SET_NULL, null=True, editable=False, related_name="failed_jobs", db_index=False
    )

    objects = FailedJobs()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message_id", "queue"], name="failed_job_once")]
        # What the admin's pages ask, answered without looking at the rows themselves.
        indexes = [
            models.Index(fields=["state", "-last_failed_at"], name="failed_job_list"),
            models.Index(fields=["-last_failed_at"], name="failed_job_list_of_all"),
            models.Index(fields=["state", "kind", "queue"], name="failed_job_counts"),
            models.Index(fields=["state", "fingerprint", "last_failed_at", "id"], name="failed_job_alike"),
            models.Index(fields=["subject", "state"], name="failed_job_subject"),
            models.Index(fields=["batch", "state"], name="failed_job_batch"),
        ]
        permissions = [
            ("retry_failedjob", "Can retry failed jobs"),
            ("discard_failedjob", "Can discard failed jobs"),
            ("see_addresses", "Can see e-mail addresses"),
        ]

    def __str__(self) -> str:
        return f"{self.queue} {self.message_id}"


class JobAttempt(models.Model):
    """One failed run of a job for one message."""

    failed_job = models.ForeignKey(FailedJob, models.CASCADE, related_name="job_attempts")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    duration = models.DurationField()
    worker = models.CharField(max_length=255)
    release = models.CharField(max_length=255)
    error_class = models.CharField(max_length=255)
    error_text = models.TextField(blank=True)
    traceback = models.TextField(blank=True)

    class Meta:
        ordering = ["number"]
        # A duplicate delivery that fails as well must not schedule a second retry.
        constraints = [models.UniqueConstraint(fields=["failed_job", "number"], name="attempt_once")]

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.error_class}"


class Suspect(models.Model):
    """A message that may have killed a worker: delivered again, and begun. The row goes when the job has ended."""

    message_id = models.UUIDField()
    queue = models.CharField(max_length=255)
    #: How often the job was begun. It ended none of these times, or there would be no row.
    begun = models.PositiveIntegerField(default=0)
    last_begun_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message_id", "queue"], name="suspect_once")]

    def __str__(self) -> str:
        return f"{self.queue} {self.message_id}"


class Worker(models.Model):
    """A process of run_consumer, as it last reported. It deletes its row when it stops in peace."""

    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    release = models.CharField(max_length=255)
    queues = models.JSONField(help_text="Whose jobs it does.")
    concurrency = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    last_seen = models.DateTimeField(db_index=True)
    in_hand = models.JSONField(default=dict, help_text="Messages that it has received and not settled, by queue.")
    paused = models.JSONField(default=dict, help_text="Why and since when it does not work on a queue, by queue.")
    depths = models.JSONField(default=dict, help_text="What RabbitMQ told it: ready messages and consumers, by queue.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["host", "pid", "started_at"], name="worker_once")]
        verbose_name_plural = "queues and workers"  # the list of workers is the page about both

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class PausedQueue(models.Model):
    """A job that staff have paused. Workers look every few seconds."""

    queue = models.CharField(max_length=255, unique=True)
    reason = models.CharField(max_length=255)
    paused_by = models.CharField(max_length=255, editable=False)
    paused_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions = [("pause_queue", "Can pause and resume queues")]

    def __str__(self) -> str:
        return self.queue

"""Takes personal data out of what was written down about failures.

Payloads never hold any, but errors quote: a mail server that refuses an address repeats it, and the traceback with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model, Q

from messaging.labels import label_of
from messaging.models import Batch, FailedJob, JobAttempt
from messaging.preview import ADDRESS

REMOVED = "[removed]"


@transaction.atomic
def redact(*, subject: Model, texts: Iterable[str] = ()) -> None:
    """Remove every e-mail address, and these texts, from the errors of failed jobs about an object.

    And from what staff wrote about them: reasons, the words of a search. What failed, when, where and how often stays.
    """
    texts = list(texts)
    failed_jobs = FailedJob.objects.filter(subject=label_of(subject))
    pks = list(failed_jobs.values_list("pk", flat=True))
    for failed in failed_jobs.select_for_update().only("error"):
        failed.error = without(failed.error, texts)
        failed.save(update_fields=["error"])
    for attempt in JobAttempt.objects.filter(failed_job__in=pks):
        attempt.error_text = without(attempt.error_text, texts)
        attempt.traceback = without(attempt.traceback, texts)
        attempt.save(update_fields=["error_text", "traceback"])
    searched = Q(failed_jobs__in=pks)  # a batch that took these jobs before their newest one is found by its words
    for text in texts:
        searched |= Q(chosen__icontains=text) | Q(reason__icontains=text)
    for batch in Batch.objects.filter(searched).distinct():
        batch.chosen, batch.reason = without(batch.chosen, texts), without(batch.reason, texts)
        batch.save(update_fields=["chosen", "reason"])
    entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(FailedJob))
    for entry in entries.filter(object_id__in=[str(pk) for pk in pks]):
        entry.change_message = without(entry.change_message, texts)
        entry.save(update_fields=["change_message"])


def without(text: str, texts: Iterable[str]) -> str:
    text = ADDRESS.sub(REMOVED, text)
    for each in texts:
        # However its words are spaced: an error may have broken the line.
        text = re.sub(r"\s+".join(map(re.escape, each.split())), REMOVED, text, flags=re.IGNORECASE)
    return text

"""The staff of the round: what needs attention gets it, as it would in the admin."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import User
from django.db.models import QuerySet

from messaging import repair
from messaging.models import FailedJob
from orders.jobs import send_confirmation
from orders.models import Order
from tests.chaos.evidence import Evidence
from tests.chaos.trouble.apps import TroubleConfig

#: Primary keys in one query.
AT_ONCE = 1_000
CONFIRMATIONS = f"orders.{send_confirmation.__name__}"


def look_after_failed_jobs(evidence: Evidence) -> None:
    """Discard what strangers sent and what was made to fail; correct addresses that were refused, and press Retry.

    A confirmation that is there for any other reason stays: nothing in a round should bring it there.
    """
    staff, _ = User.objects.get_or_create(username="staff", is_staff=True)
    waiting = FailedJob.objects.filter(state=FailedJob.State.NEEDS_ATTENTION)

    strangers = [pk for pk, name in waiting.values_list("pk", "message_id") if name in evidence.strange]
    discard(strangers, staff, "A stranger's.")

    trouble = waiting.filter(queue__startswith=f"{TroubleConfig.label}.")
    discard(list(trouble.values_list("pk", flat=True)), staff, "It was made to fail.")

    refused = refused_confirmations()
    pks = [int(subject.rpartition("/")[2]) for subject in refused.values_list("subject", flat=True)]
    for order in Order.objects.filter(pk__in=pks):
        # "shopper1@example.org" is refused, "shopper1.corrected@example.org" is not.
        order.email = order.email.replace("@", ".corrected@")
        order.save(update_fields=["email"])
    if pks:
        repair.retry(refused, by=staff)


def refused_confirmations() -> QuerySet[FailedJob]:
    return FailedJob.objects.filter(
        state=FailedJob.State.NEEDS_ATTENTION,
        kind=FailedJob.Kind.PERMANENT,
        queue=CONFIRMATIONS,
        subject__startswith="orders.order/",
    )


def discard(pks: Collection[int], staff: User, reason: str) -> None:
    remaining = sorted(pks)
    while remaining:
        some, remaining = remaining[:AT_ONCE], remaining[AT_ONCE:]
        repair.discard(FailedJob.objects.filter(pk__in=some), by=staff, reason=reason)

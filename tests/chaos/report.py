"""What a round prints in the end, and whether it was a good one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from messaging.models import FailedJob
from tests.chaos.diary import Kind
from tests.chaos.faults import Fault
from tests.chaos.ledger import Ledger
from tests.chaos.load import Bought, Refused
from tests.chaos.mail import Answer
from tests.chaos.stage import CONCURRENCY, WORKERS, Stage

#: Seconds that a checkout may take while RabbitMQ is not well, on a machine that has nothing else to do. Nothing fails
#: above it, for most machines have: it is printed.
PROMISED_CHECKOUT = 1.0
#: Seconds. A checkout that waited for RabbitMQ would wait for a timeout of five seconds at least. Where everything is
#: slow, it is so many times what a checkout takes while RabbitMQ is well.
SLOWEST_CHECKOUT = 5.0
SLOWER_THAN_WELL = 3
#: Attempts that a message may lose in an outage of the mail server, and failed jobs: those that were in hand.
MOST_ATTEMPTS = 1
MOST_FAILED = 2 * WORKERS * CONCURRENCY


def show(ledger: Ledger, stage: Stage, faults: Sequence[Fault], *, calm: bool, seconds: float) -> bool:
    show_faults(stage, faults)
    customers, evidence, diary = stage.customers, stage.evidence, stage.diary
    refused = [each for each in customers.refused if not diary.felt(Kind.DATABASE, each.began, each.ended)]
    well = slowest_checkout(in_peace(stage))
    slowest = slowest_checkout(each for each in customers.bought if only_rabbitmq_was_unwell(each, stage))
    answers = Counter(mail.answer for mail in stage.mail.accepted)
    state = FailedJob.State
    print(
        f"""
The ledger of {seconds:.0f} seconds
  orders committed (database)                  {len(ledger.orders):6}
  e-mails accepted (mail server)               {len(stage.mail.accepted):6}
  orders without an e-mail                     {len(ledger.lost):6}   {listed(ledger.lost)}
  e-mails without an order                     {len(ledger.unasked):6}   {listed(ledger.unasked)}
  orders with two different e-mails            {len(ledger.different):6}   {listed(ledger.different)}
  second copies, same Message-ID               {len(ledger.copies):6}
    of them without an excuse                  {len(ledger.inexcusable):6}   {listed(ledger.inexcusable)}
  e-mails whose 250 was lost                   {answers[Answer.LOST]:6}
  workers that died, were stopped or gave up   {len(diary.deaths):6}
    of them suddenly                           {sum(death.sudden for death in diary.deaths):6}
  failed jobs that a later attempt has done    {ledger.failed[state.RESOLVED]:6}
  failed jobs discarded by staff               {ledger.failed[state.DISCARDED]:6}
  confirmations put aside without a 5xx        {len(ledger.accused):6}
  strange messages taken by RabbitMQ           {evidence.thrown:6}   {evidence.refused} refused
    different ones among them                  {len(evidence.strange):6}
    neither handled nor in the admin           {ledger.vanished:6}
  events for later: due and missed             {ledger.missed:6}   of {len(evidence.appointments)}
    not due, and gone                          {ledger.early:6}   of {len(evidence.for_later)}
  checkouts that failed with the database      {len(customers.refused) - len(refused):6}
  checkouts that failed for any other reason   {len(refused):6}
  pages that were asked for again              {customers.reloads:6}
  slowest checkout while RabbitMQ was well     {well * 1000:6.0f} ms
  slowest checkout while RabbitMQ was unwell   {slowest * 1000:6.0f} ms{too_slow(slowest)}"""
    )
    show_details(ledger, stage, refused)
    broken = {
        "It did not become calm": not calm,
        "Orders have no e-mail": ledger.lost,
        "E-mails have no order": ledger.unasked,
        "Orders have two different e-mails": ledger.different,
        "Second copies went out without need": ledger.inexcusable,
        "Messages are left": any(ledger.left.values()),
        "Confirmations were put aside although no mail server refused them for good": ledger.accused,
        "Strange messages have vanished": ledger.vanished,
        "Events for later were missed": ledger.missed,
        "Events for later left before their time": ledger.early,
        "An outage of the mail server burnt attempts": any(
            outage.most_attempts > MOST_ATTEMPTS or outage.more_failed > MOST_FAILED for outage in evidence.outages
        ),
        "Nobody could order while RabbitMQ had no majority": 0 in evidence.without_majority,
        "Checkouts failed, and not because of the database": refused,
        "A checkout waited for RabbitMQ": slowest >= max(SLOWEST_CHECKOUT, SLOWER_THAN_WELL * well),
        "Nobody ordered anything": not ledger.orders,
        **dict.fromkeys(evidence.disappointments, True),
    }
    for sentence in (sentence for sentence, wrong in broken.items() if wrong):
        print(f"NOT KEPT: {sentence}.")
    return not any(broken.values())


def show_faults(stage: Stage, faults: Sequence[Fault]) -> None:
    counts = Counter(episode.name for episode in stage.diary.episodes)
    print("\nThe faults")
    for fault in sorted(faults, key=lambda fault: fault.name):
        print(f"  {counts[fault.name]:4} x {fault.name}{'' if counts[fault.name] else ' (there was no time)'}")


def show_details(ledger: Ledger, stage: Stage, refused: list[Refused]) -> None:
    for name, count in ledger.left.items():
        print(f"  left in {name:36} {count:6}")
    for because, count in Counter(copy.because for copy in ledger.copies if copy.because).items():
        print(f"  {count} second copies, because {because}")
    for outage in stage.evidence.outages:
        print(
            f"  In a minute without mail server and with {outage.queued} orders: attempts of one message rose by at "
            f"most {outage.most_attempts}, failed jobs by {outage.more_failed}"
        )
    for orders in stage.evidence.without_majority:
        print(f"  {orders} orders placed through the shop's pages while RabbitMQ had no majority")
    for each in refused[:10]:
        print(f"  A checkout failed at {each.ended:%H:%M:%S}: {each.why}")
    for pk, error in list(ledger.accused.items())[:10]:
        print(f"  Failed job {pk} was put aside: {error[:200]}")


def only_rabbitmq_was_unwell(bought: Bought, stage: Stage) -> bool:
    """A customer who presses reload on a dead web server waits for that."""
    began = checkout_began(bought)
    if not stage.diary.felt(Kind.BROKER, began, bought.ended):
        return False
    return not any(stage.diary.felt(kind, began, bought.ended) for kind in (Kind.WEB, Kind.DATABASE))


def in_peace(stage: Stage) -> Iterable[Bought]:
    loud = (Kind.BROKER, Kind.WEB, Kind.DATABASE)
    return (
        each
        for each in stage.customers.bought
        if not any(stage.diary.felt(kind, checkout_began(each), each.ended) for kind in loud)
    )


def slowest_checkout(purchases: Iterable[Bought]) -> float:
    return max((each.purchase.checkout_seconds for each in purchases), default=0.0)


def too_slow(slowest: float) -> str:
    return f"   more than the {PROMISED_CHECKOUT:.0f} s of a quiet machine" if slowest >= PROMISED_CHECKOUT else ""


def checkout_began(bought: Bought) -> datetime:
    return bought.ended - timedelta(seconds=bought.purchase.checkout_seconds)


def listed(orders: list[int]) -> str:
    return ", ".join(map(str, orders[:10])) + (" ..." if len(orders) > 10 else "")

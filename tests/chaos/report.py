"""What a round prints in the end, and whether it was a good one."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from tests.chaos.diary import Kind
from tests.chaos.ledger import Ledger
from tests.chaos.load import Bought, Customers
from tests.chaos.mail import Answer
from tests.chaos.stage import Stage

#: Seconds that a checkout may take while RabbitMQ is not well.
SLOWEST = 1.0


def show(ledger: Ledger, customers: Customers, stage: Stage, *, calm: bool, seconds: float) -> bool:
    slowest = max((each.purchase.checkout_seconds for each in during(Kind.BROKER, customers, stage)), default=0.0)
    refused = [each for each in customers.refused if not stage.diary.felt(Kind.DATABASE, each.began, each.ended)]
    excuses = Counter(copy.because for copy in ledger.copies if copy.because)
    answers = Counter(mail.answer for mail in stage.mail.accepted)
    faults = Counter(episode.name for episode in stage.diary.episodes)

    print("\nThe faults")
    for name, count in sorted(faults.items()):
        print(f"  {count:4} x {name}")
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
  workers that died                            {len(stage.diary.deaths):6}
  e-mails whose 250 was lost                   {answers[Answer.LOST]:6}
  checkouts that failed with the database      {len(customers.refused) - len(refused):6}
  checkouts that failed for any other reason   {len(refused):6}
  pages that were asked for again              {customers.reloads:6}
  slowest checkout while RabbitMQ was unwell   {slowest * 1000:6.0f} ms"""
    )
    for name, count in ledger.left.items():
        print(f"  left in {name:36} {count:6}")
    for because, count in excuses.items():
        print(f"  {count} second copies, because {because}")
    for each in refused[:10]:
        print(f"  A checkout failed at {each.ended:%H:%M:%S}: {each.why}")

    broken = {
        "It did not become calm": not calm,
        "Orders have no e-mail": ledger.lost,
        "E-mails have no order": ledger.unasked,
        "Orders have two different e-mails": ledger.different,
        "Second copies went out without need": ledger.inexcusable,
        "Messages are left": any(ledger.left.values()),
        "Checkouts failed, and not because of the database": refused,
        "A checkout was slow because of RabbitMQ": slowest >= SLOWEST,
        "Nobody ordered anything": not ledger.orders,
    }
    for sentence in (sentence for sentence, wrong in broken.items() if wrong):
        print(f"NOT KEPT: {sentence}.")
    return not any(broken.values())


def during(kind: Kind, customers: Customers, stage: Stage) -> list[Bought]:
    return [each for each in customers.bought if stage.diary.felt(kind, checkout_began(each), each.ended)]


def checkout_began(bought: Bought) -> datetime:
    return bought.ended - timedelta(seconds=bought.purchase.checkout_seconds)


def listed(orders: list[int]) -> str:
    return ", ".join(map(str, orders[:10])) + (" ..." if len(orders) > 10 else "")

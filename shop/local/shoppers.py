"""Shoppers: they look at products, fill a cart and check out through the shop's own pages, hesitating like people."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from shop.local.pages import Page

#: Seconds that a shopper looks at a page, at least and at most.
LOOKS = (0.3, 1.4)

PEOPLE = ("Alice", "Bob", "Chiara", "Dmitri", "Émile", "Fatima", "Göran", "Hana")


@dataclass(frozen=True)
class Purchase:
    number: int
    #: How long the shop took to answer the checkout form.
    checkout_seconds: float


class Shopping:
    """Eight people in the shop at once. In its `with` block they shop; leaving it early sends them home."""

    def __init__(self, site: str, *, orders_each: int) -> None:
        self.site = site
        self.orders_each = orders_each
        #: Grows while they shop.
        self.purchases: list[Purchase] = []
        self._closing = threading.Event()
        self._pool = ThreadPoolExecutor(len(PEOPLE), thread_name_prefix="shopper")

    def __enter__(self) -> Self:
        self._journeys = [self._pool.submit(self._shop, person) for person in PEOPLE]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._pool.shutdown()

    @property
    def expected(self) -> int:
        return len(PEOPLE) * self.orders_each

    def all_done(self) -> bool:
        """Raises what went wrong for a shopper, as soon as it has."""
        done = [journey for journey in self._journeys if journey.done()]
        for journey in done:
            journey.result()
        return len(done) == len(self._journeys)

    def _shop(self, person: str) -> None:
        # Seeded by name, so that each run sees the same people.
        hesitation = random.Random(person)  # noqa: S311  (nothing secret about it)

        def look() -> bool:
            return self._closing.wait(hesitation.uniform(*LOOKS))

        with httpx.Client(base_url=self.site, follow_redirects=True, timeout=30) as browser:
            for _ in range(self.orders_each):
                purchase = buy(browser, person, hesitation, look)
                if purchase is None:
                    return
                self.purchases.append(purchase)
                if look():
                    return


class ShopRefused(Exception):
    """A page that a shopper did not expect: the text says which and how it begins."""


def buy(browser: httpx.Client, person: str, choice: random.Random, look: Callable[[], bool]) -> Purchase | None:
    """One order, from the front page to the status page.

    `look` takes as long as a person looks at a page, and says whether the shop has closed: then nothing is bought.
    """
    products = sorted({link for link in get(browser, "/").links if link.startswith("/products/")})
    for product in choice.sample(products, k=choice.randint(1, 2)):
        if look():
            return None
        form = get(browser, product).form("/cart/add/")
        submit(browser, form.action, form.fields | {"quantity": str(choice.randint(1, 3))})
    if look():
        return None
    get(browser, "/cart/")
    form = get(browser, "/checkout/").form("/checkout/")
    if look():
        return None
    details = {
        "name": f"{person} Example",
        "email": f"shopper{PEOPLE.index(person) + 1}@example.org",
        "address": f"{choice.randint(1, 99)} Harbour Street\n12345 Seatown",
        "note": choice.choice(["", "Please leave it with the neighbours."]),
    }
    began = time.monotonic()
    answer = submit(browser, form.action, form.fields | details, follow_redirects=False)
    seconds = time.monotonic() - began
    status = get(browser, answer.headers["location"])
    return Purchase(int(status.data["data-order-number"]), seconds)


def get(browser: httpx.Client, path: str) -> Page:
    answer = browser.get(path)
    if answer.status_code != 200:
        raise ShopRefused(f"GET {path} answered {answer.status_code}: {answer.text[:500]}")
    return Page(answer.text, address=answer.url.path)


def submit(
    browser: httpx.Client, path: str, fields: dict[str, str], *, follow_redirects: bool = True
) -> httpx.Response:
    """Send a form. Every form of the shop answers with a redirect when all is well."""
    answer = browser.post(path, data=fields, follow_redirects=follow_redirects)
    first = answer.history[0] if answer.history else answer
    if not first.is_redirect or answer.is_error:
        raise ShopRefused(f"POST {path} answered {answer.status_code}: {answer.text[:500]}")
    return answer

"""A steady load: people buy in the shop through its pages, and press reload when the shop does not answer."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

import httpx

from shop.local.shoppers import LOOKS, PEOPLE, Purchase, ShopRefused, buy
from tests.chaos.diary import now

#: Seconds between two presses on reload, and how often a person does that before giving up.
RELOAD_AFTER = 0.5
PATIENCE = 60
#: Seconds after which a person believes that the page will not come.
TIMEOUT = 30


@dataclass(frozen=True)
class Bought:
    purchase: Purchase
    began: datetime
    ended: datetime


@dataclass(frozen=True)
class Refused:
    why: str
    began: datetime
    ended: datetime


class Customers:
    """In the `with` block they buy."""

    def __init__(self, site: str, *, seed: str) -> None:
        self.site = site
        self.bought: list[Bought] = []
        self.refused: list[Refused] = []
        #: How often a page did not come and was asked for again.
        self.reloads = 0
        #: How many have sent the checkout form and wait for its answer.
        self.checking_out = 0
        self._lock = threading.Lock()
        self._seed = seed
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._live, args=(person,), name=person) for person in PEOPLE]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join()

    def _live(self, person: str) -> None:
        choice = random.Random(f"{self._seed} {person}")  # noqa: S311 - nothing secret about it

        def look() -> bool:
            return self._closing.wait(choice.uniform(*LOOKS))

        while not self._closing.is_set():
            with httpx.Client(
                base_url=self.site,
                follow_redirects=True,
                timeout=TIMEOUT,
                transport=Reloading(self._reload, self._waits),
            ) as browser:
                self._buy(browser, person, choice, look)

    def _buy(self, browser: httpx.Client, person: str, choice: random.Random, look: Callable[[], bool]) -> None:
        began = now()
        try:
            purchase = buy(browser, person, choice, look)
        except (ShopRefused, httpx.HTTPError, LookupError) as error:
            self.refused.append(Refused(f"{type(error).__name__}: {str(error)[:200]}", began, now()))
            look()
        else:
            if purchase is not None:
                self.bought.append(Bought(purchase, began, now()))

    @contextmanager
    def _waits(self, request: httpx.Request) -> Iterator[None]:
        """For its answer. Only a checkout is counted."""
        one = int(request.method == "POST" and request.url.path == "/checkout/")
        with self._lock:
            self.checking_out += one
        try:
            yield
        finally:
            with self._lock:
                self.checking_out -= one

    def _reload(self) -> bool:
        """Wait a little; whether to try again."""
        self.reloads += 1
        return not self._closing.wait(RELOAD_AFTER)


class Reloading(httpx.BaseTransport):
    """Asks again when an answer does not come, also for a form that was sent: its hidden key makes that harmless."""

    def __init__(
        self, again: Callable[[], bool], waits: Callable[[httpx.Request], AbstractContextManager[None]]
    ) -> None:
        self._again = again
        self._waits = waits
        self._transport = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(PATIENCE):
            try:
                with self._waits(request):
                    answer = self._transport.handle_request(request)
                    answer.read()
            except httpx.TransportError:
                if not self._again():
                    raise
            else:
                return answer
        return self._transport.handle_request(request)

    def close(self) -> None:
        self._transport.close()

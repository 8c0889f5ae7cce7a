from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from messaging.events import Event


class OrderPlaced(Event, frozen=True, kw_only=True):
    """A customer has ordered; the order is committed and its stock is taken."""

    type: ClassVar[str] = "orders.order_placed"
    version: ClassVar[int] = 1

    order_id: int


class OrderShipped(Event, frozen=True, kw_only=True):
    """The parcel of an order is on its way."""

    type: ClassVar[str] = "orders.order_shipped"
    version: ClassVar[int] = 1

    order_id: int


class OrderCancelled(Event, frozen=True, kw_only=True):
    """An order will not be sent; its pieces are back in the stock."""

    type: ClassVar[str] = "orders.order_cancelled"
    version: ClassVar[int] = 1

    order_id: int


class ConfirmationRequested(Event, frozen=True, kw_only=True):
    """Staff or the customer want the confirmation to go out once more, to the address that the order has now."""

    type: ClassVar[str] = "orders.confirmation_requested"
    version: ClassVar[int] = 1

    order_id: int
    #: Tells one request from the next: each gets an e-mail of its own, with its own Message-ID.
    request_id: UUID

"""The one-time key in the checkout form: it makes a double click one order, and holds the total that was shown."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid4

from django.core.signing import BadSignature, Signer

signer = Signer(salt="orders.checkout_key")


@dataclass(frozen=True)
class CheckoutKey:
    key: UUID
    total: Decimal


def issue(total: Decimal) -> str:
    return signer.sign(f"{uuid4()}:{total}")


def read(text: str) -> CheckoutKey | None:
    """None unless this shop issued it: a key that somebody thought up, somebody else could think up too."""
    try:
        key, total = signer.unsign(text).split(":")
    except BadSignature:
        return None
    return CheckoutKey(UUID(key), Decimal(total))

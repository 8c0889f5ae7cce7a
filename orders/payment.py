"""Payment by invoice: customers transfer the money, and somebody says that it has come."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from orders.models import Order


@dataclass(frozen=True)
class BankAccount:
    holder: str
    iban: str
    bic: str

    @property
    def grouped_iban(self) -> str:
        """In fours, as people read and type it."""
        plain = self.iban.replace(" ", "")
        return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def bank_account() -> BankAccount | None:
    """None where the shop shows none: then the invoice in the parcel does."""
    if not settings.BANK_IBAN:
        return None
    return BankAccount(holder=settings.BANK_HOLDER, iban=settings.BANK_IBAN, bic=settings.BANK_BIC)


def mark_paid(*, order: Order, reference: str) -> bool:
    """Note that the money for an order has come; `reference` is the payment's name at the bank or the provider.

    True if this call noted it. Banks and providers tell things twice, also at the same time: of several calls one
    notes its reference, and the others change nothing. Money may come for a cancelled order too, and is noted as well.
    """
    noted = Order.objects.filter(pk=order.pk, paid_at=None).update(paid_at=timezone.now(), paid_reference=reference)
    return noted == 1

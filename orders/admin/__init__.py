"""The admin of orders: what staff see of an order and its e-mails, and what they do about them."""

from __future__ import annotations

from orders.admin import orders

__all__ = ["orders"]

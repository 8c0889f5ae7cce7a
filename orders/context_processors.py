from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from orders import cart


def shop(request: HttpRequest) -> dict[str, Any]:
    """What the head and foot of every page show."""
    # A function, so that only pages that show the number read the session.
    return {
        "shop_name": settings.SHOP_NAME,
        "pieces_in_cart": lambda: sum(cart.quantities_in(request.session).values()),
    }

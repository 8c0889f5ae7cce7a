"""Who asks: as much of a client's address as one household or one office has."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str | None:
    """The client's address; of IPv6 the first of its /64, which one subscriber has whole. None: it cannot be known.

    Each proxy writes the address that called it at the end of X-Forwarded-For. What stands before the entries of our
    own proxies, anybody could have written.
    """
    text = request.META.get("REMOTE_ADDR", "")
    chain = request.headers.get("X-Forwarded-For", "").split(",")
    if 0 < settings.TRUSTED_PROXIES <= len(chain):
        text = chain[-settings.TRUSTED_PROXIES].strip() or text
    try:
        found = ip_address(text)
    except ValueError:
        return None  # a server that listens on a Unix socket has none to tell
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Network((found, 64), strict=False).network_address)
    return str(found)

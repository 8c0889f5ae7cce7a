from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from shop.catalog.models import Picture

register = template.Library()

#: Width and height of the placeholder of a product that has no picture.
EMPTY = (800, 1000)


@register.inclusion_tag("catalog/picture.html")
def picture(picture: Picture | None, sizes: str, alt: str | None = None, eager: bool = False) -> dict[str, Any]:
    """`alt` is empty where a title beside the picture says what it shows."""
    width, height = (picture.width, picture.height) if picture else EMPTY
    return {
        "picture": picture,
        "sources": picture.sources if picture else [],
        "fallback": picture.url(640) if picture else "",
        "sizes": sizes,
        "alt": alt if alt is not None else picture.local_alt if picture else "",
        "eager": eager,
        "width": width,
        "height": height,
    }


#: Pixels. What pages that link here show of a product.
PREVIEW = 960


@register.inclusion_tag("catalog/preview.html")
def preview(picture: Picture | None) -> dict[str, Any]:
    if not picture:
        return {}
    width, height = picture.size(PREVIEW)
    return {"picture": picture, "address": absolute(picture.url(PREVIEW)), "width": width, "height": height}


@register.simple_tag
def rendition(picture: Picture, width: int) -> str:
    return picture.url(width)


@register.simple_tag
def currency() -> str:
    return settings.CURRENCY


@register.filter
def absolute(address: str) -> str:
    """For what leaves the page: previews, search engines."""
    return f"{settings.SITE_URL}{address}" if address.startswith("/") else address

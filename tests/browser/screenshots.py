"""Pictures of pages for docs/images: `SCREENSHOTS=1 make test ARGS="tests/browser -k look"` draws them anew."""

from __future__ import annotations

from io import BytesIO

from PIL import Image
from playwright.sync_api import Page

from shop.local.paths import PROJECT

FOLDER = PROJECT / "docs" / "images"


def settled(page: Page) -> None:
    """All pictures are there, also those below the fold, and painted."""
    page.evaluate(
        """async () => {
          document.querySelectorAll('img').forEach(image => { image.loading = 'eager' })
          await Promise.all([...document.images].map(image => image.decode()))
        }"""
    )


def keep(page: Page, name: str) -> None:
    """What of the page is in its window, as a small file."""
    settled(page)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Image.open(BytesIO(page.screenshot())) as image:
        small = image.convert("RGB").quantize(colors=200, dither=Image.Dither.FLOYDSTEINBERG)
        small.save(FOLDER / f"{name}.png", optimize=True)

"""The demo catalogue with all its pictures, as in a shop that has been open for a while."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest
from django.core.files import File
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page
from pytest_django import Settings

from shop.catalog import renditions
from shop.catalog.demo.products import PRODUCTS, Text
from shop.catalog.management.commands.seed_catalogue import PICTURES
from shop.catalog.models import Picture, Product


@pytest.fixture(scope="session")
def finished_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A media folder in which workers have made everything; the originals have the names of the demo's files."""
    folder = tmp_path_factory.mktemp("media")
    storage = FileSystemStorage(folder)
    for path in PICTURES.glob("*.webp"):
        with path.open("rb") as file:
            storage.save(path.name, File(file))
        # Larger files than a worker's, in a quarter of the time.
        with (
            mock.patch.dict(renditions.FORMATS["avif"], speed=10),
            mock.patch.dict(renditions.FORMATS["webp"], method=0),
        ):
            renditions.make(storage, path.name)
    return folder


@pytest.fixture
def furnished(finished_pictures: Path, settings: Settings, transactional_db: None) -> None:
    settings.MEDIA_ROOT = finished_pictures
    call_command("seed_catalogue", "--without-pictures", verbosity=0)
    pictures = []
    for each in PRODUCTS:
        product = Product.objects.get(slug=each.slug)
        pictures.append(made(product, f"{each.slug}.webp", each.alt, position=1))
        if each.alt_above:
            pictures.append(made(product, f"{each.slug}-above.webp", each.alt_above, position=2))
    # Not one by one: saving announces each to the workers.
    Picture.objects.bulk_create(pictures)


def made(product: Product, name: str, alt: Text, *, position: int) -> Picture:
    with Image.open(PICTURES / name) as image:
        width, height = image.size
    return Picture(
        product=product,
        image=name,
        alt=alt.en,
        alt_de=alt.de,
        position=position,
        width=width,
        height=height,
        renditions_made_at=timezone.now(),
    )


def settled(page: Page) -> None:
    """All pictures are there, also those below the fold, and painted."""
    page.evaluate(
        """async () => {
          document.querySelectorAll('img').forEach(image => { image.loading = 'eager' })
          await Promise.all([...document.images].map(image => image.decode()))
        }"""
    )

from __future__ import annotations

from argparse import ArgumentParser
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand
from django.db import transaction

from shop.catalog.demo.products import CATEGORIES, PRODUCTS, DemoProduct, Text
from shop.catalog.models import Category, Picture, Product

#: Drawn by shop/catalog/demo/draw.py.
PICTURES = Path(__file__).resolve().parents[2] / "demo" / "pictures"


class Command(BaseCommand):
    help = "Fill the catalogue with a dozen products. What is there already, and what staff changed, stays as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--without-pictures", action="store_true", help="leave the workers in peace")

    def handle(self, *, without_pictures: bool, **options: Any) -> None:
        with transaction.atomic():
            categories = {
                slug: Category.objects.get_or_create(
                    slug=slug, defaults={"name": name.en, "name_de": name.de, "position": position}
                )[0]
                for position, (slug, name) in enumerate(CATEGORIES.items(), start=1)
            }
            added = [each for each in PRODUCTS if add(each, categories[each.category], not without_pictures)]
        count = Product.objects.count()
        self.stdout.write(f"The catalogue has {count} products, {len(added)} of them new.")


def add(each: DemoProduct, category: Category, with_pictures: bool) -> bool:
    """False if the product was there already."""
    product, is_new = Product.objects.get_or_create(
        slug=each.slug,
        defaults={
            "category": category,
            "name": each.name.en,
            "name_de": each.name.de,
            "description": each.description.en,
            "description_de": each.description.de,
            "price": Decimal(each.price),
            "stock": each.stock,
        },
    )
    if is_new and with_pictures:
        hang(product, each.alt, file=f"{each.slug}.webp", position=1)
        if each.alt_above:
            hang(product, each.alt_above, file=f"{each.slug}-above.webp", position=2)
    return is_new


def hang(product: Product, alt: Text, *, file: str, position: int) -> None:
    with (PICTURES / file).open("rb") as image:
        Picture.objects.create(product=product, image=File(image), alt=alt.en, alt_de=alt.de, position=position)

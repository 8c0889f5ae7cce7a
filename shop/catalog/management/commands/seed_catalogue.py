from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand

from shop.catalog.models import Product


class Command(BaseCommand):
    help = "Fill the catalogue with a dozen products. What is there already, and what staff changed, stays as it is."

    def handle(self, **options: Any) -> None:
        before = Product.objects.count()
        Product.objects.bulk_create(
            (
                Product(slug=slug, name=name, price=Decimal(price), stock=stock, description=description)
                for slug, name, price, stock, description in CATALOGUE
            ),
            ignore_conflicts=True,
        )
        added = Product.objects.count() - before
        self.stdout.write(f"The catalogue has {before + added} products, {added} of them new.")


#: Slug, name, price, stock, description.
CATALOGUE = [
    (
        "harbour-mug",
        "Harbour mug",
        "18.50",
        240,
        "A heavy stoneware mug in the blue-grey of the harbour at six in the morning. Thrown and glazed by hand in a "
        "workshop of four, so no two have quite the same rim. Holds 350 ml; goes in the dishwasher.",
    ),
    (
        "orchard-mug",
        "Orchard mug",
        "18.50",
        220,
        "The Harbour's warmer sister: apple green outside, cream within, with a handle wide enough for four fingers. "
        "Stoneware, 350 ml, dishwasher safe.",
    ),
    (
        "little-cup",
        "Little cup",
        "12.00",
        310,
        "No handle, thin walls, 120 ml: made for the second and third infusion of a green tea, when there is nothing "
        "to hurry for. White porcelain with an unglazed foot.",
    ),
    (
        "enamel-mug",
        "Enamel mug",
        "14.00",
        400,
        "For the garden, the boat and the back of the car. Steel under two coats of white enamel with a dark green "
        "rim; it will chip one day, and look better for it. 400 ml.",
    ),
    (
        "breakfast-assam",
        "Breakfast Assam, 100 g",
        "9.80",
        500,
        "Second flush from Dibrugarh: malt, a little honey, and enough strength for milk. Three minutes is plenty. "
        "Makes about forty mugs.",
    ),
    (
        "earl-grey",
        "Earl Grey with real bergamot, 100 g",
        "11.20",
        450,
        "Ceylon leaf scented with oil pressed from the peel of Calabrian bergamots, and nothing else. Bright rather "
        "than perfumed. Good without milk, very good with a slice of lemon cake.",
    ),
    (
        "sencha",
        "Sencha of the first harvest, 50 g",
        "16.90",
        260,
        "Picked in the last week of April in Shizuoka, steamed the same afternoon. Grassy, sweet, a touch of sea. "
        "Let the water cool to 70 degrees and wait one minute.",
    ),
    (
        "mountain-oolong",
        "Mountain oolong, 50 g",
        "19.40",
        180,
        "Rolled leaves from 1,400 metres in Nantou that open slowly, cup after cup: lilac first, then butter, then "
        "something like warm bread. Good for five infusions.",
    ),
    (
        "evening-mint",
        "Evening mint, 60 g",
        "7.50",
        480,
        "Peppermint and lemon balm, dried in the shade on a farm an hour from here. No caffeine. Cover the cup while "
        "it draws, so that the best of it stays in.",
    ),
    (
        "rooibos-orange",
        "Rooibos and orange, 100 g",
        "8.40",
        420,
        "Red bush from the Cederberg with dried orange peel and a few cloves. Forgiving: forget it for ten minutes and "
        "it is only rounder. No caffeine.",
    ),
    (
        "glass-teapot",
        "Glass teapot for two",
        "34.00",
        190,
        "Borosilicate glass with a steel basket big enough for leaves to move in. Watch the colour, lift the basket, "
        "done. 800 ml; the lid stays on when you pour.",
    ),
    (
        "tea-scoop",
        "Beech tea scoop",
        "6.20",
        600,
        "One level scoop is one mug. Turned from local beech and oiled; the small hole in the handle is for the nail "
        "beside the kettle.",
    ),
]  # fmt: skip

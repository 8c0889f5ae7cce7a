from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from shop.catalog.models import Category, Product, ProductQuerySet

if TYPE_CHECKING:
    ProductSitemap = Sitemap[Product]
    CategorySitemap = Sitemap[Category]
    PageSitemap = Sitemap[str]
else:  # Django's classes take no type arguments at run time
    ProductSitemap = CategorySitemap = PageSitemap = Sitemap


class Products(ProductSitemap):
    def items(self) -> ProductQuerySet:
        return Product.objects.for_sale().order_by("pk")


class Categories(CategorySitemap):
    def items(self) -> list[Category]:
        return list(Category.objects.all())


class Pages(PageSitemap):
    def items(self) -> list[str]:
        return ["catalog:list"]

    def location(self, item: str) -> str:
        return reverse(item)


SITEMAPS = {"pages": Pages, "categories": Categories, "products": Products}

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse


class ProductQuerySet(models.QuerySet["Product"]):
    def for_sale(self) -> ProductQuerySet:
        return self.filter(is_active=True)

    def take(self, *, pk: int, quantity: int) -> bool:
        """Take pieces off the stock if there are still that many; False if somebody else was faster.

        One statement tests and takes, so that two buyers of the last piece can never both get it.
        """
        there = self.for_sale().filter(pk=pk, stock__gte=quantity)
        return there.update(stock=F("stock") - quantity) == 1

    def restock(self, *, pk: int, by: int) -> bool:
        """Change the stock by a difference, as staff count it; False if that would take it below zero."""
        return self.filter(pk=pk, stock__gte=-by).update(stock=F("stock") + by) == 1


class Product(models.Model):
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    price = models.DecimalField(max_digits=8, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))])
    stock = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField("for sale", default=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(price__gt=0), name="product_price_above_zero"),
            models.CheckConstraint(condition=Q(stock__gte=0), name="product_stock_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("catalog:product", args=[self.slug])

    @property
    def blurb(self) -> str:
        """The first sentence of the description."""
        sentence, stop, _ = self.description.partition(". ")
        return f"{sentence}." if stop else sentence

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from messaging.models import FailedJob
from messaging.outbox import publish
from shop.catalog import originals, renditions
from shop.catalog.events import PictureRemoved, PictureUploaded

#: How many products of its category a product's page shows besides it.
NEIGHBOURS = 4

#: Pieces. Fewer than these are told to customers.
SCARCE = 6


def localized(row: models.Model, field: str) -> str:
    """The field in the reader's language; in English where nobody has translated it."""
    language = (get_language() or "en")[:2]
    return getattr(row, f"{field}_{language}", "") or getattr(row, field)


class Category(models.Model):
    name = models.CharField(_("name"), max_length=60)
    name_de = models.CharField(_("name in German"), max_length=60, blank=True)
    slug = models.SlugField(max_length=60, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("catalog:category", args=[self.slug])

    @property
    def local_name(self) -> str:
        return localized(self, "name")


class ProductQuerySet(models.QuerySet["Product"]):
    def for_sale(self) -> ProductQuerySet:
        return self.filter(is_active=True)

    def as_on_the_shelf(self) -> ProductQuerySet:
        return self.order_by(F("category__position").asc(nulls_last=True), "name", "pk")

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
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="products", verbose_name=_("category")
    )
    name = models.CharField(_("name"), max_length=120)
    name_de = models.CharField(_("name in German"), max_length=120, blank=True)
    slug = models.SlugField(max_length=120, unique=True)
    description = models.TextField(_("description"), blank=True)
    description_de = models.TextField(_("description in German"), blank=True)
    price = models.DecimalField(
        _("price"),
        max_digits=8,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text=_("With VAT."),
    )
    stock = models.PositiveIntegerField(_("stock"), default=0)
    is_active = models.BooleanField(_("for sale"), default=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.CheckConstraint(condition=Q(price__gt=0), name="product_price_above_zero"),
            models.CheckConstraint(condition=Q(stock__gte=0), name="product_stock_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("catalog:product", args=[self.slug])

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        """Its pictures go first and one by one, so that their files go too; a query set leaves files behind."""
        with transaction.atomic():
            for picture in self.pictures.all():
                picture.delete()
            return super().delete(*args, **options)

    @property
    def local_name(self) -> str:
        return localized(self, "name")

    @property
    def local_description(self) -> str:
        return localized(self, "description")

    @property
    def blurb(self) -> str:
        """The first sentence of the description."""
        sentence, stop, _rest = self.local_description.partition(". ")
        return f"{sentence}." if stop else sentence

    @property
    def is_scarce(self) -> bool:
        return 0 < self.stock < SCARCE

    @property
    def neighbours(self) -> ProductQuerySet:
        """A few others of its category."""
        others = Product.objects.for_sale().filter(category=self.category_id).exclude(pk=self.pk)
        return others.prefetch_related("pictures").as_on_the_shelf()[:NEIGHBOURS]

    @property
    def first_picture(self) -> Picture | None:
        """No query of its own after prefetch_related("pictures")."""
        return next(iter(self.pictures.all()), None)


class PictureQuerySet(models.QuerySet["Picture"]):
    def with_failed_job(self) -> PictureQuerySet:
        """Annotates `failed_job`: the key of the failed job that staff have to look at, or None."""
        subject = Concat(Value("catalog.picture/"), Cast(OuterRef("pk"), models.CharField()))
        failed = FailedJob.objects.filter(subject=subject, state=FailedJob.State.NEEDS_ATTENTION)
        return self.annotate(failed_job=Subquery(failed.order_by("-last_failed_at").values("pk")[:1]))


class Picture(models.Model):
    """A picture of a product: the original as it was uploaded, and the renditions that a worker makes of it."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="pictures", verbose_name=_("product"))
    image = models.FileField(_("file"), upload_to=originals.random_name)
    alt = models.CharField(_("description"), max_length=200, help_text=_("What it shows, for those who cannot see it."))
    alt_de = models.CharField(_("description in German"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0, help_text=_("The lowest comes first."))
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    renditions_made_at = models.DateTimeField(null=True, editable=False)

    objects = PictureQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")

    def __str__(self) -> str:
        return self.alt

    def save(self, *args: Any, **options: Any) -> None:
        """A new file is announced to the workers in the same transaction. Raises originals.Refused."""
        with transaction.atomic():
            before = Picture.objects.filter(pk=self.pk).values_list("image", flat=True).first()
            is_new = self.image.name != before
            if is_new:
                self.width, self.height = originals.upright_size(self.image)
                self.renditions_made_at = None
            super().save(*args, **options)
            if is_new:
                publish(PictureUploaded(picture_id=self.pk), subject=self)
            if is_new and before:
                publish(PictureRemoved(original=before), subject=self)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            publish(PictureRemoved(original=self.original), subject=self)
            return super().delete(*args, **options)

    @property
    def original(self) -> str:
        """The name of its file in the storage."""
        return self.image.name or ""

    @property
    def is_made(self) -> bool:
        return self.renditions_made_at is not None

    @property
    def local_alt(self) -> str:
        return localized(self, "alt")

    @property
    def sources(self) -> Iterable[tuple[str, str]]:
        """For each format, the best first: its media type, and addresses with widths as `srcset` wants them."""
        for suffix in renditions.FORMATS:
            addresses = (f"{self.url(width, suffix)} {width}w" for width in renditions.widths_of(self.width))
            yield f"image/{suffix}", ", ".join(addresses)

    def url(self, width: int, suffix: str = "webp") -> str:
        """Of the rendition of that width, or of the widest below it that there is."""
        return self.image.storage.url(renditions.name_of(self.original, self.size(width)[0], suffix))

    def size(self, width: int) -> tuple[int, int]:
        """Width and height of that rendition."""
        there = renditions.widths_of(self.width)
        fitting = max((each for each in there if each <= width), default=there[0])
        return fitting, renditions.height_of((self.width, self.height), fitting)

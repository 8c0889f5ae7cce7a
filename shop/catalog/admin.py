from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shop.catalog.forms import PictureForm, ProductForm
from shop.catalog.models import Category, Picture, Product

if TYPE_CHECKING:
    CategoryModelAdmin = admin.ModelAdmin[Category]
    ProductModelAdmin = admin.ModelAdmin[Product]
    PictureModelAdmin = admin.ModelAdmin[Picture]
    PictureInline = admin.TabularInline[Picture, Product]
else:  # Django's classes take no type arguments at run time
    CategoryModelAdmin = ProductModelAdmin = PictureModelAdmin = admin.ModelAdmin
    PictureInline = admin.TabularInline


class ShowsState:
    """For lists of pictures: what a worker has made of each."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Picture]:
        return Picture.objects.with_failed_job().select_related("product")

    @admin.display(description=gettext_lazy("preview"))
    def preview(self, picture: Picture) -> str:
        if not picture.is_made:
            return "-"
        return format_html('<img src="{}" width="80" alt="{}">', picture.url(320), picture.alt)

    @admin.display(description=gettext_lazy("state"))
    def state(self, picture: Any) -> str:
        if picture.pk is None:
            return "-"
        if picture.is_made:
            return _("ready")
        if picture.failed_job is None:
            return _("being made")
        url = reverse("admin:messaging_failedjob_change", args=[picture.failed_job])
        return format_html('<a href="{}">{}</a>', url, _("failed: see the job"))


class Pictures(ShowsState, PictureInline):
    model = Picture
    form = PictureForm
    extra = 1
    fields = ["preview", "state", "image", "alt", "alt_de", "position"]
    readonly_fields = ["preview", "state"]


@admin.register(Picture)
class PictureAdmin(ShowsState, PictureModelAdmin):
    form = PictureForm
    list_display = ["alt", "preview", "product", "state"]
    list_filter = [("renditions_made_at", admin.EmptyFieldListFilter)]
    search_fields = ["alt", "product__name"]
    fields = ["product", "preview", "state", "image", "alt", "alt_de", "position"]
    readonly_fields = ["product", "preview", "state"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # on its product's page

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Picture]) -> None:
        for picture in queryset:
            picture.delete()


@admin.register(Category)
class CategoryAdmin(CategoryModelAdmin):
    list_display = ["name", "name_de", "position"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Product)
class ProductAdmin(ProductModelAdmin):
    form = ProductForm
    inlines = [Pictures]
    list_display = ["name", "category", "price", "stock", "is_active"]
    list_filter = ["is_active", "category"]
    list_select_related = ["category"]
    search_fields = ["name", "name_de", "slug"]
    prepopulated_fields = {"slug": ["name"]}

    def get_exclude(self, request: HttpRequest, obj: Product | None = None) -> list[str]:
        return [] if obj else ["restock"]

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> list[str]:
        # Shoppers buy while this page is open: the number on it is old when it is sent, so only differences are taken.
        return ["stock"] if obj else []

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        if not change:
            obj.save()
            return
        by = form.cleaned_data.get("restock")
        obj.save(update_fields=[name for name in form.changed_data if name != "restock"])
        if by and not Product.objects.restock(pk=obj.pk, by=by):
            messages.error(
                request,
                _("There are fewer than %(number)d pieces of %(product)s: its stock was left as it is.")
                % {"number": -by, "product": obj.name},
            )

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        for product in queryset:
            product.delete()

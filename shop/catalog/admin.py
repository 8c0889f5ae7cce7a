from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest

from shop.catalog.models import Product

if TYPE_CHECKING:
    ProductModelForm = forms.ModelForm[Product]
    ProductModelAdmin = admin.ModelAdmin[Product]
else:  # Django's classes take no type arguments at run time
    ProductModelForm = forms.ModelForm
    ProductModelAdmin = admin.ModelAdmin


class ProductForm(ProductModelForm):
    restock = forms.IntegerField(
        required=False,
        label="Add to stock",
        help_text="Pieces that came in; with a minus sign, pieces that broke or got lost.",
    )

    class Meta:
        model = Product
        fields = ["name", "slug", "description", "price", "stock", "is_active"]


@admin.register(Product)
class ProductAdmin(ProductModelAdmin):
    form = ProductForm
    list_display = ["name", "price", "stock", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "slug"]
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
            messages.error(request, f"There are fewer than {-by} pieces of {obj.name}: its stock was left as it is.")

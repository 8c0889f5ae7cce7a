from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from shop.catalog.models import Product


@require_safe
def product_list(request: HttpRequest) -> HttpResponse:
    return render(request, "catalog/list.html", {"products": Product.objects.for_sale()})


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    return render(
        request, "catalog/product.html", {"product": get_object_or_404(Product.objects.for_sale(), slug=slug)}
    )

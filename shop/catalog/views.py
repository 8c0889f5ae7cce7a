from __future__ import annotations

from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from shop.catalog.forms import SearchForm
from shop.catalog.models import Category, Product, ProductQuerySet
from shop.catalog.search import matching

PER_PAGE = 24


@require_safe
def product_list(request: HttpRequest) -> HttpResponse:
    return render_shelf(request, Product.objects.for_sale().as_on_the_shelf())


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    chosen = get_object_or_404(Category, slug=slug)
    products = Product.objects.for_sale().filter(category=chosen).as_on_the_shelf()
    return render_shelf(request, products, category=chosen)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    form = SearchForm(request.GET)
    words = form.cleaned_data["q"] if form.is_valid() else ""
    products = matching(Product.objects.for_sale(), words) if words else Product.objects.none()
    return render_shelf(request, products, words=words, is_search=True)


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(
        Product.objects.for_sale().select_related("category").prefetch_related("pictures"), slug=slug
    )
    return render(request, "catalog/product.html", {"product": found})


@require_safe
def rendition(request: HttpRequest, name: str, suffix: str) -> FileResponse:
    """For storages without an address of their own. A file never changes under its name, so browsers may keep it."""
    try:
        file = default_storage.open(name)
    except FileNotFoundError:
        raise Http404 from None
    # Python 3.11 does not know these media types by their suffix.
    response = FileResponse(file, content_type=f"image/{suffix}")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    return render(request, "catalog/robots.txt", content_type="text/plain")


def render_shelf(
    request: HttpRequest,
    products: ProductQuerySet,
    *,
    category: Category | None = None,
    words: str = "",
    is_search: bool = False,
) -> HttpResponse:
    page = Paginator(products.prefetch_related("pictures"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "products": list(page),
        "categories": Category.objects.all(),
        "category": category,
        "words": words,
        "is_search": is_search,
    }
    return render(request, "catalog/list.html", context)

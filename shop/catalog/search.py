"""Search: PostgreSQL's full text search, in which "mugs" also finds a mug; on SQLite, texts that hold every word."""

from __future__ import annotations

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db import connection
from django.db.models import Q

from shop.catalog.models import ProductQuerySet

#: Whatever language a customer reads, words of both are understood.
TEXTS = (
    SearchVector("name", weight="A", config="english")
    + SearchVector("name_de", weight="A", config="german")
    + SearchVector("description", weight="B", config="english")
    + SearchVector("description_de", weight="B", config="german")
)


def matching(products: ProductQuerySet, words: str) -> ProductQuerySet:
    """The products that hold all the words. On PostgreSQL the best come first."""
    if connection.vendor != "postgresql":
        for word in words.split():
            products = products.filter(contains("name", word) | contains("description", word))
        return products.as_on_the_shelf()
    english, german = (
        SearchQuery(words, config=language, search_type="websearch") for language in ("english", "german")
    )
    found = products.annotate(texts=TEXTS, rank=SearchRank(TEXTS, english | german))
    # Somebody who stops after "bergam" means the bergamot.
    return found.filter(Q(texts=english | german) | contains("name", words)).order_by("-rank", "name", "pk")


def contains(field: str, words: str) -> Q:
    return Q(**{f"{field}__icontains": words}) | Q(**{f"{field}_de__icontains": words})

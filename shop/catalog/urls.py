from __future__ import annotations

from django.urls import path, re_path

from shop.catalog import views

app_name = "catalog"
urlpatterns = [
    path("", views.product_list, name="list"),
    path("shelves/<slug:slug>/", views.category, name="category"),
    path("search/", views.search, name="search"),
    path("products/<slug:slug>/", views.product, name="product"),
    path("robots.txt", views.robots),
    re_path(r"^media/(?P<name>renditions/[0-9a-f]+/[0-9]+\.(?P<suffix>avif|webp))$", views.rendition),
]

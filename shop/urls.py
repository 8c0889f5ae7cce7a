from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.contrib.sitemaps.views import sitemap
from django.urls import include, path

from messaging import metrics
from shop import health, languages
from shop.catalog.sitemaps import SITEMAPS

admin.site.site_header = admin.site.site_title = settings.SHOP_NAME
admin.site.index_title = "Orders, products and messages"

urlpatterns = [
    path("", include("shop.catalog.urls")),
    path("", include("orders.urls")),
    path("language/", languages.choose, name="language"),
    path("sitemap.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("healthz", health.live),
    path("readyz", health.ready),
    path("metrics", metrics.page),
    path("admin/", admin.site.urls),
]

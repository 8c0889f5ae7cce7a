from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from shop import health

admin.site.site_header = admin.site.site_title = settings.SHOP_NAME
admin.site.index_title = "Orders, products and messages"

urlpatterns = [
    path("", include("shop.catalog.urls")),
    path("", include("orders.urls")),
    path("healthz", health.live),
    path("readyz", health.ready),
    path("admin/", admin.site.urls),
]

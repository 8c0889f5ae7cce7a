from __future__ import annotations

from django.urls import path

from orders import status, views

app_name = "orders"
urlpatterns = [
    path("cart/", views.cart_page, name="cart"),
    path("cart/add/", views.cart_add, name="cart_add"),
    path("cart/update/", views.cart_update, name="cart_update"),
    path("cart/remove/", views.cart_remove, name="cart_remove"),
    path("checkout/", views.checkout, name="checkout"),
    path("checkout/language/", views.checkout_language, name="checkout_language"),
    path("orders/<str:token>/", status.status, name="status"),
    path("orders/<str:token>/again/", status.again, name="again"),
    path("orders/<str:token>/email/", status.email, name="email"),
]

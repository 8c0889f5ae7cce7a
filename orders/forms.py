from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from orders.cart import MAX_QUANTITY, TOO_MANY
from orders.checkout import CheckoutDetails
from orders.models import Order

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


class OneLine(forms.CharField):
    """A line break in a name or an address is an attempt to write e-mail headers: it is refused, not cleaned away."""

    def to_python(self, value: Any) -> str | None:
        if CONTROL_CHARACTERS.search(str(value or "")):
            raise ValidationError(_("Write this on one line, without line breaks or other control characters."))
        return super().to_python(value)


class OneLineEmail(OneLine, forms.EmailField):
    pass


def email_field(*, help_text: StrPromise) -> OneLineEmail:
    return OneLineEmail(
        label=_("E-mail"),
        max_length=Order._meta.get_field("email").max_length,
        help_text=help_text,
        error_messages={
            "required": _("Tell us your e-mail address, so that we can confirm your order."),
            "invalid": _("This is not a complete e-mail address. It looks like name@example.org."),
            "max_length": _("An e-mail address can have %(limit_value)d characters; this one has %(show_value)d."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class CheckoutForm(forms.Form):
    name = OneLine(
        label=_("Name"),
        max_length=Order._meta.get_field("name").max_length,
        error_messages={
            "required": _("Tell us your name, for the parcel."),
            "max_length": _("A name can have %(limit_value)d characters; this one has %(show_value)d."),
        },
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = email_field(help_text=_("We send your order confirmation here."))
    address = forms.CharField(
        label=_("Address"),
        max_length=Order._meta.get_field("address").max_length,
        help_text=_("Street, postcode, town and country."),
        error_messages={
            "required": _("Tell us where to send the parcel."),
            "max_length": _("An address can have %(limit_value)d characters; this one has %(show_value)d."),
        },
        widget=forms.Textarea(attrs={"autocomplete": "street-address", "rows": 4}),
    )
    note = forms.CharField(
        required=False,
        max_length=Order._meta.get_field("note").max_length,
        label=_("A note for us (optional)"),
        error_messages={"max_length": _("A note can have %(limit_value)d characters; this one has %(show_value)d.")},
        widget=forms.Textarea(attrs={"autocomplete": "off", "rows": 2}),
    )

    def details(self) -> CheckoutDetails:
        return CheckoutDetails(**self.cleaned_data, language=get_language() or settings.LANGUAGE_CODE)


class EmailForm(forms.Form):
    email = email_field(help_text=_("We change it on your order, and send the confirmation there."))


class QuantityForm(forms.Form):
    product = forms.IntegerField(min_value=1)
    quantity = forms.IntegerField(
        min_value=1,
        max_value=MAX_QUANTITY,
        error_messages={
            "required": _("Tell us how many you would like."),
            "invalid": _("Write the quantity as a whole number, such as 2."),
            "min_value": _("The smallest quantity is 1. To take something out of the cart, use Remove."),
            "max_value": TOO_MANY,
        },
    )

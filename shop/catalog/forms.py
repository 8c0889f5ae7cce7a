from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from shop.catalog import originals
from shop.catalog.models import Picture, Product

if TYPE_CHECKING:
    ProductModelForm = forms.ModelForm[Product]
    PictureModelForm = forms.ModelForm[Picture]
else:  # Django's classes take no type arguments at run time
    ProductModelForm = PictureModelForm = forms.ModelForm


class SearchForm(forms.Form):
    q = forms.CharField(max_length=100, required=False)


class ProductForm(ProductModelForm):
    restock = forms.IntegerField(
        required=False,
        label=_("Add to stock"),
        help_text=_("Pieces that came in; with a minus sign, pieces that broke or got lost."),
    )

    class Meta:
        model = Product
        fields = [
            *("category", "name", "name_de", "slug", "description", "description_de", "price", "stock", "is_active"),
        ]


class OriginalField(forms.FileField):
    # Not the one that links to the file: originals have no address.
    widget = forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"})

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if isinstance(file, UploadedFile):
            try:
                originals.check(file, size=file.size or 0)
            except originals.Refused as refusal:
                raise ValidationError(str(refusal), code="refused") from refusal
        return file


class PictureForm(PictureModelForm):
    class Meta:
        model = Picture
        fields = ["image", "alt", "alt_de", "position"]
        field_classes = {"image": OriginalField}

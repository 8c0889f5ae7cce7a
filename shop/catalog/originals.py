"""Originals: the files that staff upload. What cannot become a picture is refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import IO, Any
from uuid import uuid4

from django.core.files.storage import Storage
from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageCms, ImageOps

MAX_MEGABYTES = 20

#: By format, so that decoding takes less than 300 MB: measured with the costliest of each, a progressive JPEG in CMYK
#: and lossless files with transparency.
MAX_MEGAPIXELS = {"JPEG": 36, "PNG": 25, "WEBP": 12}

#: Pixels. No camera makes longer sides, and WebP cannot hold much longer ones.
MAX_SIDE = 12_000

#: Values of the EXIF tag Orientation with which a picture lies on its side.
LYING = (5, 6, 7, 8)

#: Modes that can be made smaller as they are; others are turned into one of them first.
PLAIN_MODES = ("L", "LA", "RGB", "RGBA", "CMYK")

# Pillow's own limits are a warning, and an error without a sentence. Ours are lower, and every open goes through them.
Image.MAX_IMAGE_PIXELS = None


class Refused(Exception):
    """The file cannot become a picture of the shop. The text is a sentence for whoever uploaded it."""


def random_name(picture: Any, filename: str) -> str:
    """Cannot be guessed: an original still holds what the camera noted, such as the place, and is shown to nobody."""
    return f"originals/{uuid4().hex}"


def check(file: IO[bytes], *, size: int) -> None:
    """Raises Refused, as far as it can be known without decoding all of the file, whose size in bytes is `size`."""
    check_weight(size)
    with opened(file) as image, pillow_errors_as_sentences():
        if image.format in ("JPEG", "MPO"):
            image.draft(None, (1, 1))  # an eighth of each side: quick, and a missing end is still missed
            image.load()
        else:
            image.verify()


def upright_size(file: IO[bytes]) -> tuple[int, int]:
    """Width and height as people see them, whichever way the camera was held. Raises Refused."""
    with opened(file) as image:
        return upright(image)


def decoded(storage: Storage, name: str, *, width: int) -> Image.Image:
    """The picture, upright, in sRGB, without metadata, and no wider than `width`. Raises Refused."""
    check_weight(storage.size(name))
    with storage.open(name) as file:
        # Read whole, so that an error of the storage, which passes, is none of Pillow's, which stay.
        data = BytesIO(file.read())
    with opened(data) as image, pillow_errors_as_sentences():
        turned = orientation(image)
        seen_width, seen_height = upright(image)
        width = min(width, seen_width)
        box = (width, max(1, round(seen_height * width / seen_width)))
        small = scaled(image, box[::-1] if turned in LYING else box)
        return in_srgb(ImageOps.exif_transpose(small) if turned else small)


def check_weight(size: int) -> None:
    if size > MAX_MEGABYTES * 1024 * 1024:
        raise Refused(
            _("The file has %(size)d MB. A picture may have up to %(limit)d MB.")
            % {"size": round(size / (1024 * 1024)), "limit": MAX_MEGABYTES}
        )


@contextmanager
def opened(file: IO[bytes]) -> Iterator[Image.Image]:
    """The header is read, and held against the limits."""
    file.seek(0)
    try:
        image = Image.open(file, formats=tuple(MAX_MEGAPIXELS))
    except Exception as error:  # Pillow's readers raise whatever the bytes drive them to
        raise Refused(_("The file is not a picture that we can read. JPEG, PNG and WebP will do.")) from error
    with image:
        check_pixels(image)
        yield image
    file.seek(0)


def check_pixels(image: Image.Image) -> None:
    limit = MAX_MEGAPIXELS.get(image.format or "", MAX_MEGAPIXELS["JPEG"])
    if image.width * image.height > limit * 1_000_000 or max(image.size) > MAX_SIDE:
        raise Refused(
            _(
                "The picture has %(width)d x %(height)d pixels. In this format up to %(limit)d million will do, "
                "and up to %(side)d on each side."
            )
            % {"width": image.width, "height": image.height, "limit": limit, "side": MAX_SIDE}
        )


@contextmanager
def pillow_errors_as_sentences() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise Refused(_("The file is damaged, or its end is missing (%(error)s).") % {"error": error}) from error


def orientation(image: Image.Image) -> int | None:
    """As the header has it. Pillow would look for a PNG's behind the pixels too, and decode all of them for that."""
    found: int | None = Image.Image.getexif(image).get(ExifTags.Base.Orientation)
    return found


def upright(image: Image.Image) -> tuple[int, int]:
    with pillow_errors_as_sentences():
        return (image.height, image.width) if orientation(image) in LYING else image.size


def scaled(image: Image.Image, box: tuple[int, int]) -> Image.Image:
    image.draft(None, box)  # lets a JPEG be decoded at a fraction of its size
    image.load()
    if image.mode.startswith("I"):
        image = image.convert("L")
    elif image.mode not in PLAIN_MODES or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image.resize(box, Image.Resampling.LANCZOS, reducing_gap=3.0)


def in_srgb(image: Image.Image) -> Image.Image:
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if profile := image.info.get("icc_profile"):
        with suppress(ImageCms.PyCMSError, OSError):  # a profile that cannot be read is left out of account
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            image = ImageCms.profileToProfile(image, source, SRGB, outputMode=mode) or image
    image = image.convert(mode)
    image.info.clear()
    return image


SRGB = ImageCms.createProfile("sRGB")

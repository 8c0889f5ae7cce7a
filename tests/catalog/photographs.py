"""Files that people upload: photographs, and what only looks like one."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile
from PIL import Image, ImageCms

from shop.catalog.models import Picture
from tests.factories import ProductFactory

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def photograph(width: int = 800, height: int = 600, *, format: str = "JPEG", **options: Any) -> bytes:
    """The left half is red, the right half blue."""
    image = Image.new("RGB", (width, height), "blue")
    image.paste("red", (0, 0, width // 2, height))
    file = BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def held_sideways() -> bytes:
    """Stored as 800 x 600, to be seen as 600 x 800, with a note of where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "at Alice's house"
    return photograph(exif=exif, icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def png(width: int, height: int, *, data: bytes) -> bytes:
    """Well-formed to its end, whatever `data`, its compressed pixels, may be."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def picture_of(content: bytes, **fields: Any) -> Picture:
    """As saved by a program that checked nothing."""
    product = fields.pop("product", None) or ProductFactory.create()
    return Picture.objects.create(product=product, image=ContentFile(content, "mug.jpg"), alt="A mug", **fields)

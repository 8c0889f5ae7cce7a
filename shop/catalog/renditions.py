"""Renditions: the sizes and formats of a picture from which browsers choose.

Their names follow from the original's, and one-way: a page that links to them gives no hint at the original.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage
from PIL import Image

from shop.catalog import originals

#: Pixels: a card on a phone, on a sharp phone, a product's page, and the same on a sharp screen.
WIDTHS = (320, 640, 960, 1600)

#: By file name suffix, the best first: Pillow's options. One thread each, because orders are served at the same time.
FORMATS: dict[str, dict[str, Any]] = {
    "avif": {"format": "AVIF", "quality": 60, "speed": 7, "max_threads": 1},
    "webp": {"format": "WEBP", "quality": 80, "method": 4},
}


#: Of mallopt(3): blocks of more bytes than this are asked for, and given back, one by one.
M_MMAP_THRESHOLD = -3


def widths_of(width: int) -> list[int]:
    """Of a picture that is `width` pixels wide: never wider than it is."""
    return sorted({min(width, wanted) for wanted in WIDTHS})


def height_of(size: tuple[int, int], width: int) -> int:
    return max(1, round(size[1] * width / size[0]))


def name_of(original: str, width: int, suffix: str) -> str:
    return f"{folder_of(original)}/{width}.{suffix}"


def folder_of(original: str) -> str:
    return f"renditions/{blake2b(original.encode(), digest_size=16).hexdigest()}"


def make(storage: Storage, original: str) -> None:
    """Make the renditions that are not there yet. Raises originals.Refused."""
    with freed_memory_given_back():
        make_missing(storage, original)


def make_missing(storage: Storage, original: str) -> None:
    widest = originals.decoded(storage, original, width=WIDTHS[-1])
    for width in widths_of(widest.width):
        image = widest.resize((width, height_of(widest.size, width)), Image.Resampling.LANCZOS)
        for suffix, options in FORMATS.items():
            name = name_of(original, width, suffix)
            if not storage.exists(name):
                put_whole(storage, name, encoded(image, options))


@contextmanager
def freed_memory_given_back() -> Iterator[None]:
    """Without this each of a worker's threads keeps what it has freed: eight that had made a picture held 600 MB."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "malloc_trim"):  # only glibc keeps it
        yield
        return
    # Set once, the threshold stops growing with what is freed: larger blocks go back at once.
    libc.mallopt(M_MMAP_THRESHOLD, 1024 * 1024)
    try:
        yield
    finally:
        libc.malloc_trim(0)


def encoded(image: Image.Image, options: dict[str, Any]) -> bytes:
    with BytesIO() as file:
        image.save(file, **options)
        return file.getvalue()


def put_whole(storage: Storage, name: str, content: bytes) -> None:
    """Under `name` there is nothing, and then the whole file, also after a power cut."""
    if not isinstance(storage, FileSystemStorage):
        # A store of objects shows an object when it has all of it.
        saved = storage.save(name, ContentFile(content))
        if saved != name:
            storage.delete(saved)  # another worker has just put the same file there
        return
    part = Path(storage.path(storage.save(f"{name}.part", ContentFile(content))))
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(storage.path(name))


def remove(storage: Storage, original: str) -> None:
    """Remove the renditions, and what an interrupted worker left of them."""
    folder = folder_of(original)
    try:
        _, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    for file in files:
        storage.delete(f"{folder}/{file}")
    storage.delete(folder)

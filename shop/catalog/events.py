from __future__ import annotations

from typing import ClassVar

from messaging.events import Event


class PictureUploaded(Event, frozen=True, kw_only=True):
    """A product has a new picture, or another file in place of its old one, and pages need sizes of it."""

    type: ClassVar[str] = "catalog.picture_uploaded"
    version: ClassVar[int] = 1

    picture_id: int


class PictureRemoved(Event, frozen=True, kw_only=True):
    """No picture uses a file any more: it was replaced, or its picture was deleted."""

    type: ClassVar[str] = "catalog.picture_removed"
    version: ClassVar[int] = 1

    #: The original's name in the storage; a random one, that nobody chose.
    original: str

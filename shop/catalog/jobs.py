from __future__ import annotations

from collections.abc import Iterator

from django.core.files.storage import default_storage
from django.utils import timezone

from messaging.jobs import job
from messaging.outbox import publish
from messaging.retry import PermanentFailure
from shop.catalog import originals, renditions
from shop.catalog.events import PictureRemoved, PictureUploaded
from shop.catalog.models import Picture


# One at a time: each takes a whole core and up to 350 MB, and e-mails are not to wait for pictures.
@job(PictureUploaded, at_once=1, title="Renditions")
def make_renditions(event: PictureUploaded) -> Iterator[None]:
    picture = Picture.objects.filter(pk=event.picture_id).first()
    if picture and not picture.is_made:
        try:
            renditions.make(default_storage, picture.original)
        except originals.Refused as refusal:
            raise PermanentFailure(f"{refusal} Upload another picture in its place.") from refusal
    yield
    if picture is None:
        return  # deleted meanwhile, which is nobody's mistake
    still_used = Picture.objects.filter(pk=picture.pk, image=picture.original)
    if not still_used.update(renditions_made_at=picture.renditions_made_at or timezone.now()):
        # Replaced or deleted while we worked, so its files may have been removed before we had made the last of them.
        publish(PictureRemoved(original=picture.original), subject=picture)


@job(PictureRemoved, title="Removal of files")
def remove_files(event: PictureRemoved) -> Iterator[None]:
    if not Picture.objects.filter(image=event.original).exists():
        renditions.remove(default_storage, event.original)
        default_storage.delete(event.original)
    yield

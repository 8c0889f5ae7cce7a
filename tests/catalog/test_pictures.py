from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from unittest import mock

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage, Storage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from PIL import Image
from pytest_django import Settings

from messaging.events import decode_envelope, decode_event
from messaging.models import FailedJob, OutboxMessage
from messaging.retry import PermanentFailure
from shop.catalog import originals, renditions
from shop.catalog.events import PictureRemoved, PictureUploaded
from shop.catalog.jobs import make_renditions, remove_files
from shop.catalog.models import Picture, Product
from tests.catalog.photographs import SVG, held_sideways, photograph, picture_of, png
from tests.factories import FailedJobFactory, ProductFactory

pytestmark = pytest.mark.django_db


def run(steps: Iterator[None]) -> None:
    with transaction.atomic():
        list(steps)


def published() -> list[Any]:
    return [decode_event(decode_envelope(bytes(row.body))) for row in OutboxMessage.objects.order_by("pk")]


def names(picture: Picture) -> set[str]:
    return set(default_storage.listdir(renditions.folder_of(picture.original))[1])


def opened(picture: Picture, name: str) -> Image.Image:
    with default_storage.open(f"{renditions.folder_of(picture.original)}/{name}") as file:
        return Image.open(BytesIO(file.read()))


def test_a_worker_makes_every_size_in_both_formats_and_none_larger_than_the_original() -> None:
    picture = picture_of(photograph(800, 600))
    run(make_renditions(PictureUploaded(picture_id=picture.pk)))
    assert names(picture) == {f"{width}.{suffix}" for width in (320, 640, 800) for suffix in ("avif", "webp")}
    assert opened(picture, "640.avif").size == (640, 480)
    picture.refresh_from_db()
    assert picture.is_made


def test_a_photograph_held_sideways_stands_upright_and_tells_nothing_of_the_camera() -> None:
    picture = picture_of(held_sideways())
    assert (picture.width, picture.height) == (600, 800)
    run(make_renditions(PictureUploaded(picture_id=picture.pk)))
    for name in names(picture):
        image = opened(picture, name)
        assert image.height > image.width
        red, _, blue = image.convert("RGB").getpixel((image.width // 2, 5))  # type: ignore[misc]
        assert red > blue  # the left side has become the top
        assert not {"exif", "xmp", "icc_profile"} & image.info.keys()
        assert not image.getexif()


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "I;16", "1"])
def test_every_kind_of_png_becomes_a_picture(mode: str) -> None:
    file = BytesIO()
    Image.new(mode, (50, 40)).save(file, "PNG")
    picture = picture_of(file.getvalue())
    run(make_renditions(PictureUploaded(picture_id=picture.pk)))
    assert opened(picture, "50.webp").size == (50, 40)


def test_a_cmyk_photograph_becomes_a_picture() -> None:
    file = BytesIO()
    Image.new("CMYK", (50, 40)).save(file, "JPEG")
    picture = picture_of(file.getvalue())
    run(make_renditions(PictureUploaded(picture_id=picture.pk)))
    assert opened(picture, "50.avif").mode == "RGB"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not a picture"),
        (SVG, "not a picture"),
        (photograph()[:-3000], "its end is missing"),
        (png(20_000, 20_000, data=b""), "20000 x 20000 pixels"),
        (png(8_000, 8_000, data=b""), "8000 x 8000 pixels"),
        (photograph(format="WEBP", lossless=True)[:60], "not a picture"),
    ],
    ids=["empty", "svg with a script", "truncated", "20,000 x 20,000", "bomb", "truncated webp"],
)
def test_what_is_no_picture_is_refused_at_upload_in_a_sentence(
    admin_client: Client, content: bytes, sentence: str
) -> None:
    answer = upload(admin_client, content or b" ")
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Picture.objects.exists()


def test_a_file_of_40_megabytes_is_refused_at_upload_in_a_sentence(admin_client: Client) -> None:
    assert "The file has 40 MB." in upload(admin_client, photograph() + bytes(40 * 1024 * 1024)).content.decode()


def test_staff_upload_a_picture_and_workers_hear_of_it(admin_client: Client) -> None:
    assert upload(admin_client, photograph()).status_code == 302
    picture = Picture.objects.get()
    assert published() == [PictureUploaded(picture_id=picture.pk)]
    assert "mug" not in picture.original


def upload(client: Client, content: bytes) -> Any:
    form = {"name": "Jug", "slug": "jug", "price": "30", "is_active": "on", "stock": "8", "description": ""}
    form |= {"pictures-TOTAL_FORMS": "1", "pictures-INITIAL_FORMS": "0", "pictures-0-position": "0"}
    file = SimpleUploadedFile("mug.jpg", content, "image/jpeg")
    return client.post("/admin/catalog/product/add/", {**form, "pictures-0-alt": "A jug", "pictures-0-image": file})


@pytest.mark.parametrize(
    "content", [photograph()[:-3000], png(40, 40, data=b"no zlib"), photograph(30, 30) + bytes(21 * 1024 * 1024)]
)
def test_what_slips_through_is_a_permanent_failure_with_a_sentence(content: bytes) -> None:
    picture = picture_of(content)
    with pytest.raises(PermanentFailure, match=r"Upload another picture in its place\."):
        run(make_renditions(PictureUploaded(picture_id=picture.pk)))
    picture.refresh_from_db()
    assert not picture.is_made


def test_a_picture_that_is_announced_twice_is_made_once() -> None:
    picture = picture_of(photograph(200, 100))
    run(make_renditions(PictureUploaded(picture_id=picture.pk)))
    with mock.patch.object(renditions, "make") as make:
        run(make_renditions(PictureUploaded(picture_id=picture.pk)))
    assert not make.called


def test_a_worker_that_starts_again_makes_only_what_is_missing() -> None:
    picture = picture_of(photograph(200, 100))
    renditions.make(default_storage, picture.original)
    with mock.patch.object(renditions, "put_whole") as put:
        renditions.make(default_storage, picture.original)
    assert not put.called


class BreaksOff(FileSystemStorage):
    def _save(self, name: str, content: Any) -> str:
        super()._save(name, ContentFile(content.read()[:10]))  # type: ignore[misc]
        raise OSError("No space left on device")


def test_a_file_that_was_not_written_to_its_end_never_has_its_final_name(media_folder: Any) -> None:
    storage = BreaksOff()
    with pytest.raises(OSError, match="No space left"):
        renditions.put_whole(storage, "renditions/0/320.webp", b"a whole picture")
    assert not storage.exists("renditions/0/320.webp")
    renditions.put_whole(FileSystemStorage(), "renditions/0/320.webp", b"a whole picture")
    with storage.open("renditions/0/320.webp") as file:
        assert file.read() == b"a whole picture"


@pytest.mark.parametrize("storage", [FileSystemStorage, InMemoryStorage])
def test_renditions_are_made_and_removed_on_any_storage(storage: type[Storage]) -> None:
    store = storage()
    original = store.save("originals/1", ContentFile(photograph(100, 80)))
    renditions.make(store, original)
    assert sorted(store.listdir(renditions.folder_of(original))[1]) == ["100.avif", "100.webp"]
    renditions.remove(store, original)
    renditions.remove(store, original)
    assert not store.exists(renditions.name_of(original, 100, "webp"))


def test_a_shop_whose_files_are_on_no_disk_shows_the_same(client: Client, settings: Settings) -> None:
    backend = "django.core.files.storage.InMemoryStorage"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}
    picture = picture_of(photograph(100, 80))
    run(make_renditions(PictureUploaded(picture_id=picture.pk)))
    address = picture.url(100, "avif")
    assert address in client.get(picture.product.get_absolute_url()).content.decode()
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/avif")
    assert answer.getvalue()[4:12] == b"ftypavif"
    picture.delete()
    run(remove_files(PictureRemoved(original=picture.original)))
    assert client.get(address).status_code == 404


def test_a_replaced_picture_shows_a_placeholder_again_and_its_old_files_go() -> None:
    picture = picture_of(photograph(100, 80))
    old = picture.original
    run(make_renditions(PictureUploaded(picture_id=picture.pk)))
    picture.refresh_from_db()
    picture.image = ContentFile(photograph(60, 50), "new.jpg")
    picture.save()
    assert not picture.is_made
    assert published()[1:] == [PictureUploaded(picture_id=picture.pk), PictureRemoved(original=old)]
    run(remove_files(PictureRemoved(original=old)))
    assert not default_storage.exists(old)
    assert not default_storage.exists(renditions.name_of(old, 100, "webp"))
    assert default_storage.exists(picture.original)


def test_files_that_are_in_use_are_not_removed() -> None:
    picture = picture_of(photograph(100, 80))
    run(remove_files(PictureRemoved(original=picture.original)))
    assert default_storage.exists(picture.original)


def test_deleting_a_product_removes_the_files_of_its_pictures(admin_client: Client) -> None:
    picture = picture_of(photograph(100, 80))
    Product.objects.get().delete()
    assert published()[-1] == PictureRemoved(original=picture.original)


def test_a_picture_replaced_while_a_worker_makes_it_leaves_no_files_behind() -> None:
    picture = picture_of(photograph(100, 80))
    steps = make_renditions(PictureUploaded(picture_id=picture.pk))
    with transaction.atomic():
        next(steps)
        Picture.objects.update(image="originals/another")
        list(steps)
    assert published()[-1] == PictureRemoved(original=picture.original)
    assert not Picture.objects.get().is_made


def test_a_picture_deleted_before_a_worker_comes_to_it_is_nobodys_mistake() -> None:
    run(make_renditions(PictureUploaded(picture_id=404)))


def test_until_it_is_made_a_page_shows_a_placeholder_of_its_shape(client: Client) -> None:
    picture = picture_of(photograph(100, 80))
    page = client.get(picture.product.get_absolute_url()).content.decode()
    assert 'class="placeholder" viewBox="0 0 100 80"' in page
    assert "/media/" not in page
    run(make_renditions(PictureUploaded(picture_id=picture.pk)))
    page = client.get(picture.product.get_absolute_url()).content.decode()
    assert 'class="placeholder"' not in page
    assert picture.url(100, "avif") in page
    answer = client.get(picture.url(100, "avif"))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/avif")
    answer.close()
    assert client.get(f"/media/{picture.original}").status_code == 404
    assert picture.original not in page


def test_staff_see_what_becomes_of_a_picture(admin_client: Client) -> None:
    picture = picture_of(photograph(100, 80))
    address = f"/admin/catalog/product/{picture.product.pk}/change/"
    assert "being made" in admin_client.get(address).content.decode()
    failed = FailedJobFactory.create(
        queue="catalog.make_renditions", subject=f"catalog.picture/{picture.pk}", state=FailedJob.State.NEEDS_ATTENTION
    )
    assert f"/admin/messaging/failedjob/{failed.pk}/change/" in admin_client.get(address).content.decode()
    run(make_renditions(PictureUploaded(picture_id=picture.pk)))
    assert "ready" in admin_client.get(address).content.decode()
    assert admin_client.get("/admin/catalog/picture/").status_code == 200


def test_limits_name_a_number_that_people_can_act_on() -> None:
    with pytest.raises(originals.Refused, match="up to 20 MB"):
        originals.check(BytesIO(photograph()), size=21 * 1024 * 1024)


def test_products_without_pictures_need_none(client: Client) -> None:
    assert client.get(ProductFactory.create().get_absolute_url()).status_code == 200

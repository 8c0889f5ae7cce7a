"""A real worker with pictures that people upload: the good, the largest that we take, and those made to do harm."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pytest_django import Settings

from messaging.models import FailedJob
from shop.catalog import originals
from shop.catalog.models import Picture
from shop.local.paths import PROJECT
from shop.local.processes import Process, Processes
from tests.catalog.photographs import photograph, picture_of, png
from tests.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

#: Megabytes. What a worker may take at its largest.
MEMORY = 400


@pytest.fixture
def worker(program_environment: dict[str, str], settings: Settings, tmp_path: Path) -> Iterator[Process]:
    settings.MEDIA_ROOT = tmp_path / "media"
    command = [sys.executable, str(PROJECT / "manage.py"), "run_consumer"]
    with Processes(tmp_path) as processes:
        yield processes.start(
            "run_consumer", command, env={**program_environment, "MEDIA_ROOT": str(tmp_path / "media")}
        )


def test_files_made_to_do_harm_are_failed_jobs_and_the_worker_lives(worker: Process) -> None:
    # Given what the form would have refused, saved by a program that checked nothing
    pixels = zlib.compress(bytes(1000))
    harmful = {
        "truncated": photograph(800, 600)[:-3000],
        "half a PNG": png(4_000, 4_000, data=pixels),
        "no pixels": png(40, 40, data=b"no zlib"),
        "40 MB": photograph(30, 30) + bytes(40 * 1024 * 1024),
    }
    for name, content in harmful.items():
        picture_of(content, alt_de=name)
    good = picture_of(photograph(100, 80))
    # Then each is a failed job with a sentence, and the good one behind them is made
    eventually(lambda: Picture.objects.get(pk=good.pk).is_made, seconds=120)
    failed = FailedJob.objects.filter(queue="catalog.make_renditions", state=FailedJob.State.NEEDS_ATTENTION)
    eventually(lambda: failed.count() == len(harmful), seconds=120)
    assert all("Upload another picture in its place." in each.error for each in failed)
    assert {each.kind for each in failed} == {FailedJob.Kind.PERMANENT}
    assert worker.running
    assert peak_memory(worker) < MEMORY


def test_the_largest_pictures_that_we_take_leave_the_worker_below_its_memory(worker: Process) -> None:
    largest = {
        "JPEG": drawn("RGB", originals.MAX_MEGAPIXELS["JPEG"], "JPEG", progressive=True),
        "PNG": drawn("RGBA", originals.MAX_MEGAPIXELS["PNG"], "PNG", compress_level=1),
        "WEBP": drawn("RGBA", originals.MAX_MEGAPIXELS["WEBP"], "WEBP", lossless=True, method=0, quality=0),
    }
    for content in largest.values():
        originals.check(BytesIO(content), size=len(content))
        picture_of(content)
    eventually(lambda: not Picture.objects.filter(renditions_made_at=None).exists(), seconds=500)
    assert peak_memory(worker) < MEMORY


def peak_memory(process: Process) -> float:
    """Megabytes: the largest that it ever was."""
    status = Path(f"/proc/{process.popen.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def test_a_worker_all_of_whose_threads_have_made_a_picture_keeps_none_of_their_memory(worker: Process) -> None:
    photograph_of_a_telephone = drawn("RGB", 12, "JPEG", quality=90)
    for _ in range(10):
        picture_of(photograph_of_a_telephone)
    eventually(lambda: not Picture.objects.filter(renditions_made_at=None).exists(), seconds=500)
    assert peak_memory(worker) < MEMORY


def drawn(mode: str, megapixels: int, format: str, **options: object) -> bytes:
    """As many pixels as are allowed, of a picture with something in every corner."""
    side = int((megapixels * 1_000_000) ** 0.5)
    image = Image.linear_gradient("L").resize((side, side))
    bands = [image, image.rotate(90), image.rotate(180), image.rotate(270)]
    file = BytesIO()
    Image.merge(mode, bands[: len(mode)]).save(file, format, **options)
    return file.getvalue()

"""Do e-mails wait while the same worker makes renditions of 100 photographs of 12 megapixels? What memory does it take?

Orders are placed at an even pace all the time: before the photographs come, while they are being made, and after.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from itertools import count
from statistics import quantiles

from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import override_settings
from PIL import Image

from benchmarks import procfs
from benchmarks.commit_to_mailbox import place_one
from benchmarks.orders import cart
from benchmarks.result import Result, progress, run
from benchmarks.sink import Sink, sink
from benchmarks.stage import stage, wait_until
from shop.catalog.models import Picture, Product

PHOTOGRAPHS = 100
#: 12 megapixels, as most telephones take them.
SIZE = (4000, 3000)
#: Orders. Few enough for two cores that do everything else as well.
PER_SECOND = 10
#: Of placing orders with nothing else to do, before and after.
IDLE_SECONDS = 30
#: Orders that warm everything up and do not count.
WARM_UP = 20
#: Megabytes.
GOAL = 400


def measure() -> Iterator[Result]:
    with ExitStack() as exits:
        here, mails = exits.enter_context(stage()), exits.enter_context(sink())
        folder = exits.enter_context(tempfile.TemporaryDirectory(prefix="pictures-"))
        exits.enter_context(override_settings(MEDIA_ROOT=folder))
        here.environment = {**here.environment, "MEDIA_ROOT": folder}
        worker = here.start_workers(mail=mails.port)
        photographs = [photograph(n) for n in range(4)]

        progress(f"pictures: {PER_SECOND} orders a second, and nothing else")
        idle = waits(mails, lambda n: n < WARM_UP + IDLE_SECONDS * PER_SECOND)[WARM_UP:]
        progress(f"pictures: {PHOTOGRAPHS} photographs of {len(photographs[0]) / 1e6:.1f} MB")
        uploads = threading.Thread(target=upload, args=(photographs,))
        began = time.monotonic()
        uploads.start()
        busy = waits(mails, lambda _: uploads.is_alive() or being_made())
        seconds = time.monotonic() - began
        uploads.join()
        idle += waits(mails, lambda n: n < IDLE_SECONDS * PER_SECOND)
        peak = procfs.peak_memory(worker.popen.pid)

    idle_p95, busy_p95 = (quantiles(each, n=20)[18] * 1000 for each in (idle, busy))
    yield Result(
        question=f"commit to mailbox while {PHOTOGRAPHS} photographs are made, p95 of {len(busy):,}",
        measured=busy_p95,
        unit="ms",
        at_most=2 * idle_p95,
        limit=idle_p95,
        limit_is=f"with nothing else to do, p95 of {len(idle):,}",
    )
    yield Result(question="the worker's largest RSS", measured=peak, unit="MB", at_most=GOAL)
    yield Result(question="one photograph, all its renditions", measured=seconds / PHOTOGRAPHS, unit="s")


def photograph(seed: int) -> bytes:
    """Nothing in it is flat, as in a real one: it has a few megabytes."""
    grain = Image.effect_noise((SIZE[0] // 4, SIZE[1] // 4), 50 + seed).resize(SIZE, Image.Resampling.BICUBIC)
    light = Image.linear_gradient("L").resize(SIZE)
    file = BytesIO()
    Image.merge("RGB", (grain, Image.blend(grain, light, 0.5), light)).save(file, "JPEG", quality=90)
    return file.getvalue()


def upload(photographs: list[bytes]) -> None:
    products = list(Product.objects.order_by("pk"))
    for n in range(PHOTOGRAPHS):
        file = ContentFile(photographs[n % len(photographs)], "photograph.jpg")
        Picture.objects.create(product=products[n % len(products)], image=file, alt="A photograph", position=n)
    connection.close()


def being_made() -> bool:
    return Picture.objects.filter(renditions_made_at=None).exists()


def waits(mails: Sink, go_on: Callable[[int], bool]) -> list[float]:
    """Place orders while `go_on`, given how many there are; seconds from each commit to the arrival of its e-mail."""
    mails.forget()
    contents, committed = cart(), dict[int, float]()
    began = time.monotonic()
    for n in count():
        if not go_on(n):
            break
        time.sleep(max(0, began + n / PER_SECOND - time.monotonic()))
        number, moment = place_one(contents)
        committed[number] = moment
    wait_until(lambda: mails.count() >= len(committed), seconds=120, what="the last e-mails")
    arrived = dict(mails.arrivals().mails)
    return [arrived[number] - moment for number, moment in committed.items()]


if __name__ == "__main__":
    run(measure)

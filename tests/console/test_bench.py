"""`medgrpo bench console` on a small case: its figures are those of what was really sent."""

import asyncio
import threading

import numpy as np
import pytest

from medgrpo.bench import ConsoleViewer, started_console, view_console, weigh_console
from medgrpo.console.assets import assets
from medgrpo.core import InputError
from medgrpo.stream import Tick
from medgrpo.stream.showing import picture_of


@pytest.mark.slow
def test_what_is_measured_is_what_was_sent(writing):
    writing.scene()
    ended = threading.Event()
    (writing.folder / "live").mkdir()

    def goes_on() -> None:
        number = 0
        while not ended.wait(0.2):
            number += 1
            writing.tick(5.0 + number)
            image = np.full((90, 160, 3), 90 + number % 2, np.uint8)
            beside = writing.folder / "live" / "unfinished"
            beside.write_bytes(picture_of(Tick(number, 1.0, None, None, None, (), (), (), (), (), 0, 0, shown=image), clear=True))
            beside.replace(writing.folder / "live" / "picture.jpg")

    thread = threading.Thread(target=goes_on)
    thread.start()
    try:
        with started_console(writing.folder) as (port, pid):
            weight = asyncio.run(weigh_console(ConsoleViewer("127.0.0.1", port, "second")))
            viewed = asyncio.run(view_console("127.0.0.1", port, "second", pid, 3, 3.0))
    finally:
        ended.set()
        thread.join()
    of_the_page = [asset for name, asset in assets().items() if not name.startswith(_OTHER_PAGES)]
    assert weight.files == len(of_the_page), "the page loads every file, directly or by another"
    assert weight.files_bytes == sum(len(asset.packed) for asset in of_the_page)
    assert weight.first_patch_bytes > 3000
    assert viewed.events >= 3 * 5, "every viewer heard some five ticks a second, less on a busy machine"
    assert viewed.pictures >= 3
    assert 0 <= viewed.delay_mean_ms <= viewed.delay_max_ms < 3000
    assert 0 <= viewed.cpu_share < 2
    assert viewed.memory_mb > 30


_OTHER_PAGES = ("review", "drafts", "leaving", "passkeys")
"""What the pages of review, of passkeys and of signing out load."""


def test_where_nobody_answers_it_says_so():
    with pytest.raises(InputError, match="no console answers there"):
        asyncio.run(ConsoleViewer("127.0.0.1", 1, "none").get("/"))

"""A page of failures: the frames on which perception was most sure and wrong. Made from local data, never shipped.

The pictures of a data set stay where its licence keeps them; this page is for the eyes of whoever has them.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from medgrpo.core import clock
from medgrpo.evaluation.perception import Predictions
from medgrpo.knowledge import INSTRUMENTS
from medgrpo.video import encode_jpeg, read_image, resize

_WIDTH = 360
_STYLE = (
    "body{font:15px system-ui;margin:2rem;max-width:80rem}figure{display:inline-block;margin:.5rem;vertical-align:top;width:360px}"
)


def failure_gallery(videos: Sequence[Predictions], model: str, each: int = 4) -> str:
    """One self-contained HTML page: per instrument the `each` most confident false alarms and the `each` clearest misses."""
    parts = [f"<!doctype html><html lang=en><meta charset=utf-8><title>Failures of {escape(model)}</title><style>{_STYLE}</style>"]
    parts.append(
        f"<h1>Failures of {escape(model)}</h1><p>Research software, not for clinical use. Do not pass on: the pictures are under"
    )
    parts.append("their data set's licence.</p>")
    for index, instrument in enumerate(INSTRUMENTS):
        for wanted, words in ((0.0, "named, not there"), (1.0, "there, missed")):
            rows = [
                (float(abs(wanted - video.probability["instrument"][row, index])), video, row)
                for video in videos
                for row in range(len(video.video.frames))
                if video.truth["instrument"][row, index] == wanted
            ]
            worst = [item for item in sorted(rows, key=lambda item: -item[0])[:each] if item[0] > 0.5]
            parts.append(f"<h2>{instrument}: {words}</h2>" + ("" if worst else "<p>None beyond a half.</p>"))
            parts += [_figure(video, row, float(video.probability["instrument"][row, index])) for _, video, row in worst]
    return "".join(parts)


def _figure(video: Predictions, row: int, probability: float) -> str:
    frame = video.video.frames[row]
    picture = read_image(frame.image)
    small = resize(picture, _WIDTH, max(2, round(_WIDTH * picture.shape[0] / picture.shape[1])))
    named = ", ".join(sorted({INSTRUMENTS[i.instrument] for i in frame.instances if i.instrument is not None})) or "nothing"
    data = base64.b64encode(encode_jpeg(small, 80)).decode()
    caption = f"{escape(video.video.name)} at {clock(frame.seconds)}: probability {probability:.2f}; labelled: {named}"
    return f'<figure><img width={_WIDTH} alt="" src="data:image/jpeg;base64,{data}"><figcaption>{caption}</figcaption></figure>'

"""What a model is shown that is to describe a clip: frames with the experts' labels and boxes drawn on them, and their words.

The form is the one that MedVidBench is said to use (frames interleaved with `<Frame_i>,{description}`, normalised times, expert
text, "focus on dynamics"); the wording is ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from medgrpo.core import Box, Span, Unparsed
from medgrpo.curation.lettering import HEIGHT, write
from medgrpo.tasks import CONTEXTS
from medgrpo.video import Image, SampledClip, Sampling, draw_box, scale_bicubic

MOST_PIXELS = 200_000
"""Of a picture that is described: 588 x 308, say, which is enough to read what is written on it."""
_NUMBERED = re.compile(r"^\s*(\d{1,4})\s*[:.)]\s*(.+?)\s*$")


@dataclass(frozen=True, slots=True, eq=False)
class GuidedFrame:
    """One picture, when it is (seconds of the clip), what experts say of it, and their boxes with a label each."""

    image: Image
    seconds: float
    labels: tuple[str, ...] = ()
    boxes: tuple[tuple[str, Box], ...] = ()


@dataclass(frozen=True, slots=True)
class Happening:
    """An event that wants a sentence, and what the annotation alone says of it."""

    span: Span
    told: str


@dataclass(frozen=True, slots=True, eq=False)
class GuidedPrompt:
    """Frames and words of one request. `happenings`: events of a dense caption, () where one text about the clip is wanted."""

    source: str
    clip_seconds: float
    frames: tuple[GuidedFrame, ...]
    task: str
    expert_text: str
    happenings: tuple[Happening, ...] = ()

    def __post_init__(self) -> None:
        if not self.frames or self.clip_seconds <= 0:
            raise ValueError("a prompt has at least one frame, of a clip that lasts")

    @property
    def text(self) -> str:
        """Everything that is written."""
        context = CONTEXTS.get(self.source, ("",))[0]
        lines = [
            f"{context} You are given {len(self.frames)} frames of a clip of {self.clip_seconds:g} seconds, in order.",
            "Labels and boxes drawn on them were made by experts and are right as far as they go.",
            "Times are shares of the clip: 0 is its start, 1 its end.",
            *(f"<Frame_{place}>,{self._said(frame)}" for place, frame in enumerate(self.frames, 1)),
        ]
        if self.expert_text:
            lines.append(f"Known of the whole clip: {self.expert_text}")
        lines += [
            "Focus on the dynamics: who or what moves, how tissue and instruments change from frame to frame, and to what end.",
            "Say nothing that neither the pictures nor the experts show. Mention no frames, boxes, labels or instructions.",
            self.task,
        ]
        for place, one in enumerate(self.happenings, 1):
            lines.append(f"{place}. from {self._share(one.span.start_seconds)} to {self._share(one.span.end_seconds)}: {one.told}")
        if self.happenings:
            lines.append(f"Answer with {len(self.happenings)} lines, one per event, each as its number, a colon and one sentence.")
        return "\n".join(line.strip() for line in lines)

    def pictures(self, side_multiple: int = 28) -> SampledClip:
        """The frames as they are shown: scaled to sides that a model can cut, with boxes, labels and number drawn on."""
        height, width = self.frames[0].image.shape[:2]
        size = Sampling(side_multiple=side_multiple, most_pixels=MOST_PIXELS).scaled_size(width, height)
        images = [self._drawn(place, frame, size) for place, frame in enumerate(self.frames, 1)]
        rate = Fraction(len(images) / self.clip_seconds).limit_denominator(1000) or Fraction(1, 1000)
        return SampledClip.of(images, [frame.seconds for frame in self.frames], rate, width, height)

    def _said(self, frame: GuidedFrame) -> str:
        labels = "; ".join(dict.fromkeys((*frame.labels, *(name for name, _ in frame.boxes)))) or "nothing annotated"
        return f"time {self._share(frame.seconds)}: {labels}"

    def _share(self, seconds: float) -> str:
        return f"{min(1.0, seconds / self.clip_seconds):.2f}"

    def _drawn(self, place: int, frame: GuidedFrame, size: tuple[int, int]) -> Image:
        width, height = size
        image = scale_bicubic(frame.image, width, height).copy()
        scale = max(1, height // 300)
        for name, box in frame.boxes:
            x0, y0, x1, y1 = box.x0 * width, box.y0 * height, box.x1 * width, box.y1 * height
            if round(x1) > round(x0) and round(y1) > round(y0):
                image = draw_box(image, (x0, y0, x1, y1))
                above = round(y0) - HEIGHT * scale
                write(image, name, round(x0), above if above > HEIGHT * scale else round(y1), scale)
        write(image, f"Frame {place}  time {self._share(frame.seconds)}", 0, 0, scale)
        for line, words in enumerate(frame.labels[:3]):
            write(image, words, 0, height - (len(frame.labels[:3]) - line) * HEIGHT * scale, scale)
        return image


def read_sentences(reply: str, count: int) -> tuple[str, ...] | Unparsed:
    """The `count` numbered sentences of a reply, in order; each number once, and nothing else on a line of its own."""
    found: dict[int, str] = {}
    for line in reply.replace("**", "").splitlines():
        if not line.strip():
            continue
        matched = _NUMBERED.match(line)
        if matched is None:
            return Unparsed.of(reply, f"a line without number: {line.strip()[:60]!r}")
        number, sentence = int(matched[1]), " ".join(matched[2].split())
        if number in found or not 1 <= number <= count:
            return Unparsed.of(reply, f"the number {number} is {'there twice' if number in found else 'none of those asked for'}")
        if not any(map(str.isalpha, sentence)):
            return Unparsed.of(reply, f"no sentence for {number}")
        found[number] = sentence
    if len(found) != count:
        return Unparsed.of(reply, f"{len(found)} of {count} sentences")
    return tuple(found[number] for number in range(1, count + 1))

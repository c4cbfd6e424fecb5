"""How well a timeline is recovered: segments with an overlap, their order, and events within a tolerance. Pure functions.

Segment F1 and edit score as in Lea et al., "Temporal convolutional networks for action segmentation and detection", CVPR 2017
(the definitions are from general knowledge: confirm against the paper before figures are compared with published ones).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medgrpo.core import Span
from medgrpo.reasoning import Timeline

Labelled = tuple[str, Span]
"""A segment: its label and when it holds."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Counts and what follows from them. A share without a denominator is None: nothing to find, or nothing said."""

    found: int
    predicted: int
    true: int

    @property
    def precision(self) -> float | None:
        return self.found / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        return self.found / self.true if self.true else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None when there is nothing on either side."""
        total = self.predicted + self.true
        return 2 * self.found / total if total else None


def phase_segments(timeline: Timeline) -> list[Labelled]:
    """The timeline's phases as segments to compare with labels, which do not stop while the camera is out of the body.

    Stretches that were not assessed are left out; the same phase before and after one counts as one segment across it.
    """
    segments: list[Labelled] = []
    for phase in timeline.phases:
        if phase.phase is None:
            continue
        if segments and segments[-1][0] == phase.phase:
            segments[-1] = (phase.phase, Span(segments[-1][1].start_seconds, phase.span.end_seconds))
        else:
            segments.append((phase.phase, phase.span))
    return segments


def segment_f1(predicted: Sequence[Labelled], truth: Sequence[Labelled], iou: float = 0.5) -> Agreement:
    """Segments of the same label whose intersection over union reaches `iou`; each true segment is found at most once.

    Predictions are taken in order of time; each takes the best true segment of its label that is left. ValueError when `iou` is
    not in (0, 1].
    """
    if not 0 < iou <= 1:
        raise ValueError(f"iou must lie in (0, 1], got {iou}")
    left = list(truth)
    found = 0
    for name, span in sorted(predicted, key=lambda segment: segment[1]):
        rivals = [(span.iou(other), place) for place, (label, other) in enumerate(left) if label == name]
        best = max(rivals, key=lambda rival: (rival[0], -rival[1]), default=(0.0, -1))
        if best[0] >= iou:
            found += 1
            del left[best[1]]
    return Agreement(found, len(predicted), len(truth))


def edit_score(predicted: Sequence[str], truth: Sequence[str]) -> float:
    """1 - Levenshtein distance / longer length, of the two orders of labels (equal neighbours merged); 1 when both are empty."""
    first, second = _merged(predicted), _merged(truth)
    if not first and not second:
        return 1.0
    row = list(range(len(second) + 1))
    for place, label in enumerate(first, start=1):
        above, row = row, [place]
        for column, other in enumerate(second, start=1):
            row.append(min(above[column] + 1, row[-1] + 1, above[column - 1] + (label != other)))
    return 1 - row[-1] / max(len(first), len(second))


def event_agreement(predicted: Sequence[Labelled], truth: Sequence[Labelled], tolerance_seconds: float) -> Agreement:
    """Events of the same label that overlap, or lie at most `tolerance_seconds` apart; one to one, nearest first.

    `recall` of the result is the event recall. ValueError when the tolerance is negative.
    """
    if tolerance_seconds < 0:
        raise ValueError(f"tolerance must be 0 seconds or more, got {tolerance_seconds}")
    pairs = sorted(
        (apart, abs(_middle(span) - _middle(other)), here, there)
        for here, (label, span) in enumerate(predicted)
        for there, (name, other) in enumerate(truth)
        if label == name and (apart := _apart(span, other)) <= tolerance_seconds
    )
    used_here: set[int] = set()
    used_there: set[int] = set()
    for _, _, here, there in pairs:
        if here not in used_here and there not in used_there:
            used_here.add(here)
            used_there.add(there)
    return Agreement(len(used_here), len(predicted), len(truth))


def _merged(labels: Sequence[str]) -> list[str]:
    return [label for place, label in enumerate(labels) if place == 0 or labels[place - 1] != label]


def _apart(span: Span, other: Span) -> float:
    return max(0.0, span.start_seconds - other.end_seconds, other.start_seconds - span.end_seconds)


def _middle(span: Span) -> float:
    return (span.start_seconds + span.end_seconds) / 2

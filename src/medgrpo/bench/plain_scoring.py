"""The peer of `medgrpo bench score`: the official method written down plainly, as its description reads, with no thought of speed.

Each task is one pass per figure over a list of dictionaries, answers are parsed where they are needed, means are numpy's, and
an answer that is no label is embedded together with its labels. Captions are left out, as they are on our side of the benchmark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medgrpo.scoring import Embedder
from medgrpo.tasks import next_action_labels

Rows = Sequence[Mapping[str, Any]]


def plain_metrics(rows: Rows, embedder: Embedder | None = None) -> dict[str, float]:
    """The seven figures of the board's first step."""
    metrics: dict[str, float] = {}
    for threshold, key in ((0.3, "tag_miou_03"), (0.5, "tag_miou_05")):
        metrics[key] = _temporal([row for row in rows if row["qa_type"] == "tal"], threshold)
    metrics["stg_miou"] = _boxes([row for row in rows if row["qa_type"] == "stg"])
    metrics["dvc_f1"] = _dense([row for row in rows if "dense_captioning" in row["qa_type"]])
    metrics["nap_acc"] = _next_action([row for row in rows if row["qa_type"] == "next_action"], embedder)
    metrics["cvs_acc"] = _grades([row for row in rows if row["qa_type"] == "cvs_assessment"], _components, "cvs_scores")
    metrics["sa_acc"] = _grades([row for row in rows if row["qa_type"] == "skill_assessment"], _aspects, "skill_scores")
    return metrics


def _temporal(rows: Rows, threshold: float) -> float:
    groups: dict[tuple[str, float], list[float]] = {}
    for row in rows:
        fps = float(row["metadata"]["fps"])
        found = re.findall(r"(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)", row["prediction"])
        predicted = [np.array([float(start), float(end)]) * fps for start, end in found]
        true = [np.array([span["start"], span["end"]]) * fps for item in row["struc_info"] for span in item["spans"]]
        used: set[int] = set()
        accepted: list[float] = []
        for span in true:
            best, place = 0.0, -1
            for index, other in enumerate(predicted):
                iou = _hull_iou(other, span)
                if index not in used and iou > best:
                    best, place = iou, index
            if place >= 0 and best >= threshold:
                used.add(place)
                accepted.append(best)
        groups.setdefault((row["data_source"], fps), []).append(float(np.mean(accepted)) if accepted else 0.0)
    return sum(float(np.mean(scores)) * len(scores) for scores in groups.values()) / len(rows)


def _hull_iou(first: Any, second: Any) -> float:
    shared = max(0, min(first[1], second[1]) - max(first[0], second[0]))
    hull = max(first[1], second[1]) - min(first[0], second[0])
    return float(shared / hull) if hull > 0 else 0.0


def _boxes(rows: Rows) -> float:
    scores: list[float] = []
    for row in rows:
        boxes: dict[str, list[float]] = {}
        last: list[float] | None = None
        for time, content in re.findall(r"(\d+(?:\.\d+)?)\s+seconds:\s*\[([^\]]+)\]", row["prediction"]):
            try:
                box = [float(piece.strip().lstrip("[")) for piece in content.split(",")]
            except ValueError:
                box = []
            last = box if len(box) == 4 else last
            if last is not None:
                boxes[str(float(time))] = last
        used, ious = [0.0] * 4, list[float]()
        for place, (time, true) in enumerate(row["struc_info"][0]["bbox_dict"].items()):
            box = boxes.get(f"{float(time):.1f}", [0.0] * 4)
            used = used if place and box == [0.0] * 4 else box
            ious.append(_box_iou(np.array(used), np.array(true)))
        scores.append(float(np.mean(ious)))
    return float(np.mean(scores))


def _box_iou(first: Any, second: Any) -> float:
    low, high = np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])
    size = np.clip(high - low, 0, None)
    shared = float(size[0] * size[1])
    (width, height), (other_width, other_height) = first[2:] - first[:2], second[2:] - second[:2]
    union = float(width * height + other_width * other_height) - shared
    return shared / max(union, 1e-6)


_SEGMENT = r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)\s+seconds?:\s+(.*?)(?=\n\d+(?:\.\d+)?-\d+(?:\.\d+)?\s+seconds?:|\Z)"  # as documented


def _dense(rows: Rows) -> float:
    groups: dict[str, list[float]] = {}
    counts: dict[str, int] = {}
    for row in rows:
        source, fps = row["data_source"], float(row["metadata"]["fps"])
        counts[source] = counts.get(source, 0) + 1
        found = {(float(start), float(end)) for start, end, _ in re.findall(_SEGMENT, row["prediction"], re.DOTALL)}
        predicted = [(int(start * fps), int(end * fps)) for start, end in sorted(found)]
        true = [(int(item["start"] * fps), int(item["end"] * fps)) for item in row["struc_info"]]
        if not predicted:
            continue
        precisions: list[float] = []
        recalls: list[float] = []
        for threshold in (0.3, 0.5, 0.7):
            precisions.append(float(np.mean([any(_frame_iou(one, other) > threshold for other in true) for one in predicted])))
            recalls.append(float(np.mean([any(_frame_iou(one, other) > threshold for one in predicted) for other in true])))
        precision, recall = float(np.mean(precisions)), float(np.mean(recalls))
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        groups.setdefault(source, []).append(f1)
    return sum(float(np.mean(groups.get(source, [0.0]))) * count for source, count in counts.items()) / len(rows)


def _frame_iou(first: tuple[int, int], second: tuple[int, int]) -> float:
    shared = max(0, min(first[1], second[1]) - max(first[0], second[0]))
    hull = max(first[1], second[1]) - min(first[0], second[0])
    return shared / (min(hull, first[1] - first[0] + second[1] - second[0]) + 1e-8)


def _next_action(rows: Rows, embedder: Embedder | None) -> float:
    right: list[bool] = []
    for row in rows:
        labels = list(next_action_labels().fixed[row["data_source"]])
        answer = row["prediction"].strip()
        if answer not in labels and embedder is not None:
            vectors = embedder.embed([answer, *labels])
            answer = labels[int(np.argmax(vectors[1:] @ vectors[0]))]
        right.append(answer == row["gnd"].strip())
    return float(np.mean(right))


def _components(text: str) -> dict[str, int]:
    scores: dict[str, int] = {}
    for part in text.split(","):
        for name in ("two structures", "cystic plate", "hepatocystic triangle"):
            if name in part.strip().lower():
                found = re.search(rf"{name}:\s*(\d+)", part.strip().lower())
                if found:
                    scores[name.replace(" ", "_")] = int(found.group(1))
                break
    return scores


def _aspects(text: str) -> dict[str, int]:
    found = (re.search(r"([^:]+?):\s*(\d+)/5", part.strip()) for part in text.split(","))
    return {match.group(1).strip(): int(match.group(2)) for match in found if match}


def _grades(rows: Rows, parse: Any, key: str) -> float:
    table: dict[str, list[bool]] = {}
    for row in rows:
        true = row["struc_info"][0][key]
        for name, grade in parse(row["prediction"]).items():
            if name in true:
                table.setdefault(name, []).append(grade == true[name])
    return float(np.mean([np.mean(values) for values in table.values()]))

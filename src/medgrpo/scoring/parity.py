"""Agreement with recorded cases of the official evaluator: any folder in the layout of the golden vectors, file by file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from medgrpo.core import DataError
from medgrpo.scoring.joining import JoinError, join
from medgrpo.scoring.judge_reply import Asked, JudgeCallFailed, ask_judge, caption_score, dense_caption_score, parse_judge_reply
from medgrpo.scoring.leaderboard import leaderboard_parts, score_leaderboard
from medgrpo.scoring.leaderboard_dense import judge_pairs, parse_segments, true_segments
from medgrpo.scoring.leaderboard_ranking import rank_models
from medgrpo.scoring.records import Records, read_text, record_from
from medgrpo.scoring.similarity import Embedder, mean_similarity

Case = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FileParity:
    """One file: how many cases agree, and what the first disagreements were."""

    file: str
    agree: int
    total: int
    differences: tuple[str, ...] = ()


def check_folder(folder: Path, embedder: Embedder | None) -> list[FileParity]:
    """Parity of every known file in the folder; DataError when there is none."""
    found = [_check_file(folder / name, check, embedder) for name, check in CHECKS.items() if (folder / name).exists()]
    if not found:
        raise DataError(folder, "holds none of the golden files of MedVidBench")
    return found


def _check_file(path: Path, check: Callable[[Case, Embedder | None], object], embedder: Embedder | None) -> FileParity:
    agree, differences = 0, list[str]()
    cases = [cast("Case", json.loads(line)) for line in read_text(path).splitlines() if line.strip()]
    for case in cases:
        difference = disagreement(check(case, embedder), case["expected"], case.get("tolerance", 0.0))
        agree += difference is None
        if difference is not None:
            differences.append(f"{case['case']}: {difference}")
    return FileParity(path.name, agree, len(cases), tuple(differences))


def disagreement(ours: object, expected: object, tolerance: object, place: str = "") -> str | None:
    """Where `ours` is not what was recorded, None where all agrees. What we say beyond the recorded keys is not compared."""
    if isinstance(expected, dict):
        values = cast("dict[str, Any]", expected)
        if not isinstance(ours, dict):
            return f"{place}: {ours!r}, expected an object"
        own = cast("dict[str, Any]", ours)
        if place.endswith(_WHOLE) and set(own) != set(values):
            return f"{place}: keys {sorted(own)}, expected {sorted(values)}"
        for key, value in values.items():
            if key == "margin":
                continue  # informative
            inner = cast("dict[str, Any]", tolerance).get(key, 0.0) if isinstance(tolerance, dict) else tolerance
            difference = f"{place}.{key} is absent" if key not in own else disagreement(own[key], value, inner, f"{place}.{key}")
            if difference:
                return difference
        return None
    if isinstance(expected, list):
        items, own_items = (
            cast("list[Any]", expected),
            list(cast("Sequence[Any]", ours)) if isinstance(ours, list | tuple) else None,
        )
        if own_items is None or len(own_items) != len(items):
            return f"{place}: {ours!r}, expected {expected!r}"
        differences = (disagreement(*pair, tolerance, place) for pair in zip(own_items, items, strict=True))
        return next((difference for difference in differences if difference), None)
    return None if _equal(ours, expected, tolerance) else f"{place}: {ours!r}, expected {expected!r}"


_WHOLE = (".metrics", ".published", ".parsed", ".components", ".aspects", ".pred_boxes")


def _equal(ours: object, expected: object, tolerance: object) -> bool:
    if expected in ("nan", "inf", "-inf") and isinstance(ours, float):
        return str(ours) == expected
    if isinstance(expected, bool) or expected is None or not isinstance(expected, int | float):
        return ours == expected
    allowed = tolerance if isinstance(tolerance, int | float) else 0.0
    return isinstance(ours, int | float) and abs(ours - expected) <= max(allowed, 1e-12)


def _single(case: Case, embedder: Embedder | None) -> object:
    record = record_from(case["input"], case["case"])
    verdict = score_leaderboard(Records((record,)), embedder).verdicts[0]
    return {"status": verdict.status, **leaderboard_parts(record, verdict)}


def _set(case: Case, embedder: Embedder | None) -> object:
    records = Records(tuple(record_from(values, case["case"]) for values in case["records"]))
    result = score_leaderboard(records, embedder)
    return {"metrics": result.rounded, "per_data_source": result.per_data_source.get(case["task"], {})}


def _run(case: Case, embedder: Embedder | None) -> object:
    try:
        records = join(case["submission"], case["ground_truth"])
    except JoinError as error:
        return {"outcome": "error", "metrics": {}, "published": None, "error": error.kind}
    result = score_leaderboard(records, embedder, embedder if case["mode"] == "similarity_fallback" else None)
    outcome = "ok" if result.metrics else "no_metrics"
    return {"outcome": outcome, "metrics": result.rounded, "published": result.published}


def _ranking(case: Case, _: Embedder | None) -> object:
    return {"order": rank_models(case["rows"])}


def _similarity(case: Case, embedder: Embedder | None) -> object:
    pairs = [(pair["prediction"], pair["reference"]) for pair in case["pairs"]]
    return {"score": mean_similarity(pairs, embedder) if embedder is not None else None}


def _judge_parse(case: Case, _: Embedder | None) -> object:
    scores = parse_judge_reply(case["reply"])
    return {"success": scores is not None, "scores": scores}


def _judge_retry(case: Case, _: Embedder | None) -> object:
    replies = iter(case["replies"])

    async def call() -> str | None:
        reply = next(replies)
        if isinstance(reply, dict):
            values = cast("dict[str, str]", reply)
            raise JudgeCallFailed(values["raise"], values["text"])
        return cast("str | None", reply)

    async def sleep(_: float) -> None:
        return

    asked: Asked = asyncio.run(_asked(call, sleep))
    scores = asked.scores or dict.fromkeys(("R2", "R3", "R8", "R5", "R4"), 0)
    return {"success": asked.scores is not None, "scores": scores, "calls": asked.calls, "waits_s": asked.waits_seconds}


async def _asked(call: Any, sleep: Any) -> Asked:
    return await ask_judge(call, sleep)


def _judge_caption(case: Case, _: Embedder | None) -> object:
    judged = caption_score([(pair["prediction"], pair["reference"], pair["judge_scores"]) for pair in case["pairs"]])
    if judged.score is None:
        return {"available": False}
    return {
        "available": True,
        "score": judged.score,
        "aspects": dict(judged.aspects),
        "judged_pairs": judged.asked,
        "success_rate": judged.success_rate,
    }


def _judge_dense(case: Case, _: Embedder | None) -> object:
    table = {(pair["prediction"], pair["reference"]): pair["judge_scores"] for pair in case["pair_scores"]}
    scores: dict[str, list[Any]] = {}
    for values in case["records"]:
        record = record_from(values, case["case"])
        pairs = judge_pairs(parse_segments(cast("str", record.prediction)), true_segments(record.struc_info))
        for threshold, members in pairs.items():
            scores.setdefault(threshold, []).extend(table.get(pair) for pair in members)
    every = [value for values in scores.values() for value in values]
    return {
        "score": dense_caption_score(scores),
        "success_rate": sum(value is not None for value in every) / len(every) if every else 0.0,
        "judge_calls": len(every),
    }


CHECKS: Mapping[str, Callable[[Case, Embedder | None], object]] = {
    **{
        f"{name}.jsonl": _single for name in ("tal", "stg", "dense_captioning", "next_action", "cvs_assessment", "skill_assessment")
    },
    "sets.jsonl": _set,
    "runs.jsonl": _run,
    "ranking.jsonl": _ranking,
    "caption_similarity.jsonl": _similarity,
    "judge_parse.jsonl": _judge_parse,
    "judge_retry.jsonl": _judge_retry,
    "judge_caption.jsonl": _judge_caption,
    "judge_dense_captioning.jsonl": _judge_dense,
}

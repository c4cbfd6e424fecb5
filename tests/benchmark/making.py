"""A small benchmark made here: every type, several sources, pictures on disk, some rows the same to the last byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from medgrpo.benchmark import Row, read_rows
from medgrpo.sources import BenchmarkRecord, ClipBounds, Region, write_medvidbench
from medgrpo.tasks import PixelBox
from medgrpo.video import encode_jpeg

FRAMES, RATE, WIDTH, HEIGHT = 6, Fraction(1), 96, 64
GOLD: dict[str, tuple[str, str, object]] = {
    "tal": ("AVOS", "1.0-3.0 seconds.", [{"action": "cutting", "spans": [{"start": 1.0, "end": 3.0}]}]),
    "stg": (
        "CoPESD",
        "1.0 seconds: [10, 10, 40, 40] 3.0 seconds: [12, 10, 42, 40]",
        [{"object": "knife", "bbox_dict": {"1.0": [10, 10, 40, 40], "3.0": [12, 10, 42, 40]}}],
    ),
    "next_action": ("AVOS", "tying", None),
    "dense_captioning_gpt": (
        "EgoSurgery",
        "0.0-2.0 seconds: dissection: The surgeon dissects.",
        [[{"start": 0.0, "end": 2.0, "caption": "dissection: The surgeon dissects."}]],
    ),
    "dense_captioning_gemini": (
        "NurViD",
        "1.0-4.0 seconds: check: The nurse checks.",
        [{"dc_segments": [{"start": 1.0, "end": 4.0, "caption": "check: The nurse checks."}]}],
    ),
    "video_summary_gpt": ("CholecT50", "The gallbladder is dissected with a hook.", None),
    "video_summary_gemini": ("CoPESD", "The flap is lifted while a knife cuts below it.", None),
    "region_caption_gpt": ("CholecTrack20", "The grasper holds the gallbladder.", None),
    "region_caption_gemini": ("EgoSurgery", "The forceps lift the skin.", None),
    "skill_assessment": (
        "JIGSAWS",
        "Respect for tissue: 2/5, Suture/needle handling: 1/5, Time and motion: 1/5, Flow of operation: 2/5, "
        "Overall performance: 1/5, Quality of final product: 3/5",
        [
            {
                "skill_scores": {
                    "Respect for tissue": 2,
                    "Suture/needle handling": 1,
                    "Time and motion": 1,
                    "Flow of operation": 2,
                    "Overall performance": 1,
                    "Quality of final product": 3,
                },
                "skill_level": "N",
            }
        ],
    ),
    "cvs_assessment": (
        "Cholec80-CVS",
        "Two structures: 2, Cystic plate: 1, Hepatocystic triangle: 0",
        [{"cvs_scores": {"two_structures": 2, "cystic_plate": 1, "hepatocystic_triangle": 0}}],
    ),
}
"""By type: source, answer as text, structured answer."""


def make_frames(folder: Path, videos: int) -> None:
    """Noise with a bright square that moves, one folder per video."""
    random = np.random.default_rng(0)
    for video in range(videos):
        (folder / f"v{video}").mkdir(parents=True)
        for number in range(FRAMES):
            image = random.integers(40, 90, (HEIGHT, WIDTH, 3), dtype=np.uint8)
            image[20:40, 10 + 8 * number : 30 + 8 * number] = (200, 120, 90)
            (folder / f"v{video}" / f"{number:03}.jpg").write_bytes(encode_jpeg(image))


def make_records(count: int, videos: int = 4, twin_every: int = 9) -> list[BenchmarkRecord]:
    """Types in turn; every `twin_every`th row is its predecessor again."""
    records: list[BenchmarkRecord] = []
    kinds = list(GOLD)
    for index in range(count):
        if index and index % twin_every == 0:
            before = records[-1]
            records.append(BenchmarkRecord(**{**{name: getattr(before, name) for name in before.__slots__}, "index": index}))
            continue
        kind, video = kinds[index % len(kinds)], index % videos
        source, answer, struc_info = GOLD[kind]
        frames = tuple(f"/root/data/v{video}/{number:03}.jpg" for number in range(FRAMES))
        region = Region(frames[2], PixelBox(26, 20, 46, 40)) if kind.startswith("region") else None
        records.append(
            BenchmarkRecord(
                index=index,
                id=f"v{video}&&0&&{FRAMES}&&1.0",
                qa_type=kind,
                source=source,
                train=False,
                frames=frames,
                frame_numbers=tuple(range(FRAMES)),
                video=f"v{video}",
                clip=ClipBounds("input_video_frame", "0", str(FRAMES)),
                frames_per_second=RATE,
                question=f"Question {index} about <b>{kind}</b>? ['cutting', 'tying', 'suturing']",
                answer=answer,
                region=region,
                struc_info=struc_info,
            )
        )
    return records


def make_data(path: Path, count: int, videos: int = 4) -> list[Row]:
    write_medvidbench(path, make_records(count, videos))
    return read_rows(path)


def write_replies(path: Path, rows: list[Row], reply: Callable[[Row], str] | None = None) -> Path:
    """For `scripted:FILE`."""
    path.write_text(json.dumps({row.key: reply(row) if reply else row.record.answer for row in rows}))
    return path

"""How the leaderboard guesses the data source of a record that does not say it; each task has rules of its own."""

from __future__ import annotations

import re

from medgrpo.scoring.records import UNKNOWN, Record

_CHOLEC80 = re.compile(r"video\d+")
_CVS_WORDS = ("cholec80-cvs", "strasberg", "critical view", "cvs", "cystic plate", "hepatocystic triangle")
_BENCH_WORDS = ("robotic bench-top", "knot-tying", "needle-passing", "suturing", "surgical technique")
_OPEN_WORDS = ("cutting", "tying", "suturing")
_BENCH_IDS = ("knot_tying", "needle_passing", "suturing")


def dense_source(record: Record) -> str:
    """Dense captioning: from the video's id alone."""
    if record.data_source != UNKNOWN:
        return record.data_source
    name = _video(record)
    if _is_avos(name):
        return "AVOS"
    if "_part" in name.lower():
        return "CoPESD"
    return "CholecT50" if "video" in name.lower() else UNKNOWN


def next_action_source(record: Record) -> str:
    """Next action: from the question, then from the video's id."""
    if record.data_source and record.data_source != UNKNOWN:
        return record.data_source
    return _next_action_by_question(record.question.lower()) or _next_action_by_video(_video(record).lower())


def critical_view_source(record: Record) -> str:
    """Critical view of safety: from the video's id, then from the question."""
    if record.data_source and record.data_source != UNKNOWN:
        return record.data_source
    name, question = _video(record).lower(), record.question.lower()
    if _CHOLEC80.fullmatch(name):
        return "Cholec80_CVS"
    by_id = _assessment_by_video(name)
    if by_id:
        return by_id
    if any(word in question for word in _CVS_WORDS):
        return "Cholec80_CVS"
    return _assessment_by_question(question)


def skill_source(record: Record) -> str:
    """Skill: from the video's id, then from the question."""
    if record.data_source and record.data_source != UNKNOWN:
        return record.data_source
    name, question = _video(record).lower(), record.question.lower()
    if any(word in name for word in _BENCH_IDS) and "_b" in name:
        return "jigsaws"
    by_id = _assessment_by_video(name)
    if by_id:
        return by_id
    if any(word in question for word in _BENCH_WORDS):
        return "jigsaws"
    return _assessment_by_question(question)


def _video(record: Record) -> str:
    name = record.metadata.get("video_id", "")
    return name if isinstance(name, str) else str(name)


def _is_avos(name: str) -> bool:
    return len(name) == 11 and any(character.isalpha() for character in name)


def _is_copesd(name: str) -> bool:
    return "_part" in name and name.replace("_part", "").split("_")[0].isdigit()


def _has_digit(name: str) -> bool:
    return any(character.isdigit() for character in name)


def _next_action_by_question(question: str) -> str:
    names = (
        ("AVOS", ("avos",)),
        ("CoPESD", ("copesd",)),
        ("CholecT50", ("cholect50", "cholec-t50")),
        ("CholecTrack20", ("cholectrack20", "cholec-track20")),
        ("Cholec80-CVS", ("cholec80-cvs", "critical view of safety")),
        ("JIGSAWS", ("jigsaws", "robotic bench-top")),
        ("NurViD", ("nurvid", "nursing")),
        ("CholecTrack20", ("laparoscopic cholecystectomy",)),
    )
    for name, words in names:
        if any(word in question for word in words):
            return name
    if any(word in question for word in _OPEN_WORDS) and "open surgery" in question:
        return "AVOS"
    return "CoPESD" if "forceps" in question and "knife" in question else ""


def _next_action_by_video(name: str) -> str:
    if _is_avos(name):
        return "AVOS"
    if _is_copesd(name):
        return "CoPESD"
    if name.startswith("vid") and _has_digit(name):
        return "CholecTrack20"
    if any(word in name for word in _BENCH_IDS):
        return "JIGSAWS"
    return "NurViD" if any(word in name for word in ("nur", "nursing", "medical")) else UNKNOWN


def _assessment_by_video(name: str) -> str:
    if _is_avos(name):
        return "AVOS"
    if _is_copesd(name):
        return "CoPESD"
    if "video" in name and _has_digit(name):
        return "CholecT50"
    return "NurViD" if any(word in name for word in ("nur", "nursing", "medical")) else ""


def _assessment_by_question(question: str) -> str:
    names = (
        ("AVOS", ("avos",)),
        ("CoPESD", ("copesd",)),
        ("CholecT50", ("cholect50", "cholec")),
        ("NurViD", ("nurvid", "nursing")),
        ("AVOS", _OPEN_WORDS),
    )
    for name, words in names:
        if any(word in question for word in words):
            return name
    return "CoPESD" if "forceps" in question and "knife" in question else UNKNOWN

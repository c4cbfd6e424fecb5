"""Running MedVidBench: a model is asked, every answer is on disk at once; resumed, sharded, scored, submitted, reported."""

from medgrpo.benchmark.answers import ANSWERS_NAME, Answer, AnswerFile, Stored, read_answers
from medgrpo.benchmark.asking import ClipOf, Manner
from medgrpo.benchmark.budget import token_budgets
from medgrpo.benchmark.clips import ClipReader, Pictures, blank_clip_of, clip_of
from medgrpo.benchmark.finishing import Finished, finish
from medgrpo.benchmark.merge import merge_answers
from medgrpo.benchmark.outputs import Answered, Tally, Usage, record_line, submission
from medgrpo.benchmark.page import REPORT_NAME, render_run
from medgrpo.benchmark.published import PUBLISHED, Published
from medgrpo.benchmark.questions import Row, asked_once, batches, in_shard, read_rows, rows_of
from medgrpo.benchmark.run import Asked, ask_questions
from medgrpo.benchmark.settings import DataIdentity, RunSettings, Shard, identify_data, stored_settings, write_whole
from medgrpo.benchmark.shots import read_shots

__all__ = [
    "ANSWERS_NAME",
    "PUBLISHED",
    "REPORT_NAME",
    "Answer",
    "AnswerFile",
    "Answered",
    "Asked",
    "ClipOf",
    "ClipReader",
    "DataIdentity",
    "Finished",
    "Manner",
    "Pictures",
    "Published",
    "Row",
    "RunSettings",
    "Shard",
    "Stored",
    "Tally",
    "Usage",
    "ask_questions",
    "asked_once",
    "batches",
    "blank_clip_of",
    "clip_of",
    "finish",
    "identify_data",
    "in_shard",
    "merge_answers",
    "read_answers",
    "read_rows",
    "read_shots",
    "record_line",
    "render_run",
    "rows_of",
    "stored_settings",
    "submission",
    "token_budgets",
    "write_whole",
]

from collections import Counter
from pathlib import Path

import pytest

from medgrpo.core import DataError
from medgrpo.sources import Problem, avos_split, read_avos
from medgrpo.sources.avos import avos_videos

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "avos"
HEAD = ",video_id,labeler_2,labeler_1,duration,labeler_3,label,start_seconds,end_seconds\n"
TABLE = ",video_id,duration_seconds,quality\n0,a,60.0,good\n1,b,0.0,bad\n"


def folder(tmp_path: Path, rows: str, table: str = TABLE) -> Path:
    (tmp_path / "segments.csv").write_text(HEAD + rows)
    (tmp_path / "videos.csv").write_text(table)
    return tmp_path


@pytest.mark.skipif(not DATA.is_dir(), reason="AVOS' annotations are not beside the project")
def test_counts_are_those_of_the_data_set():
    videos = read_avos(DATA)
    with_segments = [video for video in videos if video.segments]
    assert (len(videos), len(with_segments), sum(len(video.segments) for video in videos)) == (334, 330, 7352)
    labels = Counter(segment.label for video in videos for segment in video.segments)
    assert labels == {"background": 3272, "cutting": 1706, "suturing": 1119, "tying": 1077, "abstain": 178}
    assert Counter(video.split for video in with_segments) == {"train": 227, "val": 41, "test": 62}
    assert all(video.table["youtube_url"].endswith(video.id) for video in videos)


def test_a_start_before_zero_is_held_at_zero_and_kept_raw(tmp_path: Path):
    video, empty = read_avos(folder(tmp_path, "0,a,cutting,,6,none,cutting,3.0,9.0\n1,a,,tying,4,,tying,-1.0,3.0\n"))
    first, second = video.segments
    assert (first.span.start_seconds, first.raw_start_seconds, first.label, first.line) == (0.0, -1.0, "tying", 3)
    assert first.labellers == ("tying", None, None)
    assert second.labellers == (None, "cutting", "none")
    assert (empty.segments, empty.table["quality"], empty.duration_seconds) == ((), "bad", None)


def test_the_split_depends_on_the_id_alone():
    # sha256("a") = ca978112..., 0xca978112 = 3398926610 -> 0; sha256("b") = 3e23e816..., 0x3e23e816 = 1042540566 -> 6;
    # sha256("e") = 3f79bb7b..., 0x3f79bb7b = 1064942459 -> 9
    assert (avos_split("a"), avos_split("b"), avos_split("e")) == ("train", "train", "test")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("0,a,,,1,,sewing,0,1\n", r"segments\.csv: line 2: label 'sewing' is none of"),
        ("0,a,,,1,,cutting,x,1\n", "line 2: start_seconds is no number: 'x'"),
        ("0,a,,,1,,cutting,nan,1\n", "line 2: start_seconds is not finite"),
        ("0,a,,,1,,cutting,5,1\n", "line 2: a segment must satisfy"),
        ("0,,,,1,,cutting,0,1\n", "line 2: no video_id"),
        ("0,a,,,1,,cutting,0\n", "line 2: not as many values as columns"),
        ("0,a,,,1,,cutting,0,1\n0,c,,,1,,cutting,0,1\n", r"line 3: c is not in videos\.csv"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, rows: str, words: str):
    with pytest.raises(DataError, match=words):
        read_avos(folder(tmp_path, rows))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("video_id\na\n", r"videos\.csv: line 1: no column 'duration_seconds'"),
        ("video_id,duration_seconds\na,5\na,5\n", "line 3: a occurs twice"),
        ("video_id,duration_seconds\na,-1\n", "line 2: duration_seconds must not be negative"),
    ],
)
def test_the_table_is_checked(tmp_path: Path, table: str, words: str):
    with pytest.raises(DataError, match=words):
        read_avos(folder(tmp_path, "", table))


def test_a_folder_without_files_says_so(tmp_path: Path):
    with pytest.raises(DataError, match=r"segments\.csv: cannot be read"):
        read_avos(tmp_path)


def test_a_bad_row_is_a_problem_and_reading_goes_on(tmp_path: Path):
    rows = "0,a,,,1,,cutting,5,1\n1,a,,,1,,tying,1,2\n2,,,,1,,tying,1,2\n3,a,,,1\n4,zz,,,1,,tying,1,2\n5,a,,,1,,tying,inf,2\n"
    path = folder(tmp_path, rows, TABLE + "2,a,5,good\n3,c,-4,good\n")
    with (path / "segments.csv").open("ab") as stream:
        stream.write(b"6,a,,,1,,ty\xffing,1,2\n7,a,,,1,,suturing,3,4\n")
    found = list(avos_videos(path))
    assert [str(one).partition(f"{tmp_path}/")[2] for one in found if isinstance(one, Problem)] == [
        "segments.csv: line 2: a segment must satisfy start <= end and end after 0, got 5.0 to 1.0",
        "segments.csv: line 4: no video_id",
        "segments.csv: line 5: not as many values as columns",
        "segments.csv: line 7: start_seconds is not finite",
        "segments.csv: line 8: label is not UTF-8",
        "videos.csv: line 4: a occurs twice",
        "videos.csv: line 5: duration_seconds must not be negative, got -4.0",
        "segments.csv: line 6: zz is not in videos.csv",
    ]
    videos = [one for one in found if not isinstance(one, Problem)]
    assert [(video.id, [segment.label for segment in video.segments]) for video in videos] == [
        ("a", ["tying", "suturing"]),
        ("b", []),
    ]


@pytest.mark.parametrize("content", ["", "\n", "\x00", "video_id,label\n"])
def test_an_empty_table_says_which_column_it_lacks(tmp_path: Path, content: str):
    path = folder(tmp_path, "")
    (path / "segments.csv").write_text(content)
    with pytest.raises(DataError, match=r"segments\.csv: (line 1: no column|cannot be read)"):
        list(avos_videos(path))

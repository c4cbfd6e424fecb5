"""Which videos are one recording: the published counts, recounted from the table."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from medgrpo.sources import Recordings, is_doubtful, read_avos, read_nurvid, recordings, same_recording

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def _videos(source: str) -> set[int]:
    return set(next(entry.videos for entry in recordings().numbered if entry.source == source))


def test_counts_are_the_published_ones() -> None:
    cholec80, cholect50, track = _videos("Cholec80"), _videos("CholecT50"), _videos("CholecTrack20")
    assert (len(cholec80), len(cholect50), len(track)) == (80, 50, 20)
    assert len(cholec80 & cholect50) == 45
    # camma_dataset_overlaps, summary table: Cholec80 train 1-40, val 41-48, test 49-80 have 23, 4 and 18 of CholecT50's videos
    parts = (range(1, 41), range(41, 49), range(49, 81))
    assert [len(cholect50 & set(part)) for part in parts] == [23, 4, 18]
    assert cholect50 - cholec80 == {92, 96, 103, 110, 111}
    # counted by a third party: CholecTrack20 shares 15 videos with Cholec80 and 14 with CholecT50
    assert (len(track & cholec80), len(track & cholect50)) == (15, 14)
    assert track <= cholec80 | cholect50


def test_one_recording_has_one_key_however_it_is_called() -> None:
    keys = {
        same_recording("Cholec80", "video66"),
        same_recording("CholecT50", "VID66"),
        same_recording("Cholec80-CVS", "66"),
        same_recording("Endoscapes", "121"),
    }
    assert keys == {"cholecystectomy:66"}
    assert same_recording("CholecTrack20", "VID103") == same_recording("Endoscapes", "127") == "cholecystectomy:103"
    assert same_recording("EgoSurgery", "01_1") == same_recording("EgoSurgery", "01_2") == "EgoSurgery:01"
    assert same_recording("JIGSAWS", "Suturing_B001_capture1") == same_recording("JIGSAWS", "Suturing_B001")
    assert same_recording("AVOS", "kcOqlifSukA") == same_recording("NurViD", "kcOqlifSukA")


def test_other_recordings_have_other_keys() -> None:
    assert same_recording("Endoscapes", "66") == "Endoscapes:66"
    assert same_recording("CholecT50", "VID03") == "CholecT50:VID03"  # no video of CholecT50: nothing is known of it
    assert same_recording("elsewhere", "VID01") == "elsewhere:VID01"
    assert len({same_recording("Cholec80", str(number)) for number in range(1, 81)}) == 80


def test_what_is_disputed_says_so() -> None:
    assert [number for number in _videos("CholecTrack20") if is_doubtful("CholecTrack20", f"VID{number:02d}")] == [30, 31]
    assert not is_doubtful("CholecT50", "VID31")
    assert all(set(entry.cites) <= recordings().citations.keys() for entry in recordings().numbered)


@pytest.mark.parametrize("change", ["cites", "videos"])
def test_a_wrong_table_is_refused(change: str) -> None:
    values = recordings().model_dump()
    values["numbered"][0][change] = ("nobody",) if change == "cites" else (1, 1)
    with pytest.raises(ValidationError):
        Recordings.model_validate(values)


@pytest.mark.skipif(not (DATA / "avos").is_dir(), reason="the annotation is not beside the repository")
def test_avos_and_nurvid_share_no_video() -> None:
    avos, nurvid = {video.id for video in read_avos(DATA / "avos")}, {video.id for video in read_nurvid(DATA / "nurvid")}
    assert not avos & nurvid

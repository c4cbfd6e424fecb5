"""A report cannot be made wrong: values carry their origin, gaps their reason, and nothing makes it final."""

from datetime import UTC, datetime

import pytest

from medgrpo.report import CaseInfo, Field, Provenance, Report

WHEN = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "provenance", "seconds", "note"),
    [
        ("0 mL", Provenance.NOT_OBSERVED, (), "why"),
        (None, Provenance.SEEN, (1.0,), "why"),
        (None, Provenance.NOT_OBSERVED, (), ""),
        ("hook", Provenance.SEEN, (), ""),
        ("hook", Provenance.INFERRED, (), ""),
    ],
)
def test_a_field_without_its_origin_cannot_be_made(
    value: str | None, provenance: Provenance, seconds: tuple[float, ...], note: str
) -> None:
    with pytest.raises(ValueError, match="energy"):
        Field("energy", "energy devices used", value, provenance, seconds, (), note)


def test_a_field_from_outside_the_video_needs_no_time() -> None:
    assert Field("identification", "surgeon", "A. Person", Provenance.EHR).value == "A. Person"


def test_a_case_without_a_time_zone_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="time zone"):
        CaseInfo("a.mp4", 1.0, "00", datetime(2026, 11, 23), "0.1.0", 5.0)
    with pytest.raises(ValueError, match="looked at"):
        CaseInfo("a.mp4", 1.0, "00", WHEN, "0.1.0", 0.0)


def test_a_report_is_preliminary_and_stays_so(report: Report) -> None:
    assert report.status == "preliminary"
    with pytest.raises(AttributeError):
        report.status = "final"  # type: ignore[misc]
    with pytest.raises(TypeError):
        type(report)(status="final")  # type: ignore[call-arg]

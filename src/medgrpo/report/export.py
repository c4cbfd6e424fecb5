"""The report as plain JSON values, through its types."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from medgrpo.report.records import DRAFT_NOTICE, Report


def report_json(report: Report) -> dict[str, Any]:
    """Every part of the report as JSON values, the notice first; times in seconds, dates in ISO 8601."""
    values: dict[str, Any] = TypeAdapter(Report).dump_python(report, mode="json")
    return {"notice": DRAFT_NOTICE, **values}

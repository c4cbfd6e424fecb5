"""The JSON form holds everything and marks itself as a draft."""

import json

from medgrpo.report import DRAFT_NOTICE, Report, report_json


def test_json_round_trip_keeps_the_notice_and_every_part(report: Report) -> None:
    values = json.loads(json.dumps(report_json(report)))
    assert values["notice"] == DRAFT_NOTICE
    assert values["status"] == "preliminary"
    assert values["case"]["analysed_at"] == "2026-11-23T22:30:00Z"
    assert len(values["fields"]) == len(report.fields)
    assert len(values["timeline"]["findings"]) == 25
    assert next(field for field in values["fields"] if field["name"] == "ASA")["value"] is None

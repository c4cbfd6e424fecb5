"""Findings -> a draft operative report: typed record, one self-contained HTML page, JSON."""

from medgrpo.report.draft import draft_report
from medgrpo.report.export import report_json
from medgrpo.report.items import wanted_pictures
from medgrpo.report.page import render_html
from medgrpo.report.pictures import MAX_WIDTH
from medgrpo.report.plain import report_text
from medgrpo.report.records import (
    DRAFT_NOTICE,
    CaseInfo,
    Field,
    Gap,
    KeyFrame,
    Provenance,
    Report,
    RiskChannel,
    Section,
    Support,
)
from medgrpo.report.words import lasting, subject, unassessed, unassessed_words

__all__ = [
    "DRAFT_NOTICE",
    "MAX_WIDTH",
    "CaseInfo",
    "Field",
    "Gap",
    "KeyFrame",
    "Provenance",
    "Report",
    "RiskChannel",
    "Section",
    "Support",
    "draft_report",
    "lasting",
    "render_html",
    "report_json",
    "report_text",
    "subject",
    "unassessed",
    "unassessed_words",
    "wanted_pictures",
]

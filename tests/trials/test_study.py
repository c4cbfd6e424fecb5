"""The whole way on short simulated operations, and what cannot be calibrated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgrpo.cli import main
from medgrpo.core import InputError
from medgrpo.knowledge import load_procedure
from medgrpo.simulation import Deviation
from medgrpo.stream import ChannelPolicy, Site
from medgrpo.trials import Demand, TrialSettings, calibrate, site_lines, stage, watch, with_threshold

PROCEDURE = load_procedure("cholecystectomy")


def quiet(_title: str, _done: int, _total: int) -> None:
    """No progress."""


def test_a_bleeding_is_told_and_a_threshold_out_of_reach_silences_it() -> None:
    staged = stage(PROCEDURE, 2.0, 5003, Deviation.BLEEDING, 2.0)
    looks = staged.looks("low")
    told = watch(staged, looks, PROCEDURE, Site())
    assert len(told.events["bleeding"]) == 1
    assert [one.channel for one in told.said].count("bleeding") >= 1
    assert told == watch(staged, looks, PROCEDURE, Site())
    silent = watch(staged, looks, PROCEDURE, with_threshold(Site(), "bleeding", 0.9))
    assert "bleeding" not in [one.channel for one in silent.said]
    # what is forbidden is counted with its reason
    gated = Site(channels={"bleeding": ChannelPolicy(phases=("preparation",))})
    assert watch(staged, looks, PROCEDURE, gated).unsaid[("bleeding", "gated")] >= 1


def test_two_operations_by_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "alerts.json"
    code = main(
        ["evaluate", "alerts", "--cases", "2", "--minutes", "2", "--noise", "low", "--looks-per-second", "1", "--json", str(out)]
    )
    assert code == 0
    figures = json.loads(out.read_text())
    assert figures["settings"]["first_seed"] == 5000
    assert figures["levels"]["low"]["operations"] == 2
    assert "all risks" in capsys.readouterr().out


def test_too_few_operations_are_said_to_be_too_few(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["evaluate", "alerts", "--channel", "bleeding", "--cases", "1", "--minutes", "2", "--looks-per-second", "1"])
    assert code == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "not achievable with 1 operations (at least 22 are needed even if none is missed)" in words


def test_what_keeps_the_promise_is_checked_on_others() -> None:
    settings = TrialSettings(cases=1, minutes=2.0, noise=("low",), looks_per_second=1.0)
    level = calibrate(settings, Site(), Demand(channel="bleeding", miss=0.7, confidence=0.6), quiet)["levels"]["low"]
    assert level["chosen"] is not None
    assert level["check"]["operations_with_events"] == 1
    assert level["check"]["alerts_per_hour_faultless"] is None
    assert site_lines("bleeding", {"threshold": 0.12}) == "[channels.bleeding]\nthreshold = 0.12"


@pytest.mark.parametrize(
    ("channel", "miss", "confidence", "words"),
    [
        ("prolonged_dissection", 0.1, 0.9, "nothing to calibrate"),
        ("phase_order", 0.1, 0.9, "nothing to calibrate"),
        ("bleeding", 1.5, 0.9, "may be missed"),
        ("bleeding", 0.1, 1.0, "confidence"),
    ],
)
def test_what_cannot_be_asked_for(channel: str, miss: float, confidence: float, words: str) -> None:
    settings = TrialSettings(cases=1, minutes=2.0, noise=("low",), processes=1)
    with pytest.raises(InputError, match=words):
        calibrate(settings, Site(), Demand(channel=channel, miss=miss, confidence=confidence), quiet)


def test_an_unknown_noise_or_threshold_is_said_before_anything_runs() -> None:
    demand = Demand(channel="bleeding", miss=0.1, confidence=0.9)
    with pytest.raises(InputError, match="noise"):
        calibrate(TrialSettings(cases=1, minutes=2.0, noise=("none",)), Site(), demand, quiet)
    with pytest.raises(InputError, match="this channel has none"):
        calibrate(TrialSettings(cases=1, minutes=2.0), Site(channels={"view": ChannelPolicy(threshold=1.0)}), demand, quiet)

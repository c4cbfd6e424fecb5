"""A site's thresholds reach the settings that the rules read."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgrpo.core import InputError
from medgrpo.reasoning import ReasonerConfig
from medgrpo.stream import THRESHOLDS, ChannelPolicy, Site, load_site, reasoner_config


def site(channel: str, threshold: float) -> Site:
    return Site(channels={channel: ChannelPolicy(threshold=threshold)})


def test_without_thresholds_everything_is_as_designed() -> None:
    assert reasoner_config(Site()) == ReasonerConfig()
    for channel, threshold in THRESHOLDS.items():
        assert reasoner_config(site(channel, threshold.design)) == ReasonerConfig(), channel


def test_each_threshold_moves_its_own_setting() -> None:
    bleeding = reasoner_config(site("bleeding", 0.2)).event
    assert (bleeding.blood_on, bleeding.blood_off) == (0.2, pytest.approx(0.1))
    assert reasoner_config(site("energy_without_view", 9.0)).risk.energy_unseen_seconds == 9.0
    assert reasoner_config(site("clip_before_dissection", 0.4)).risk.low_end_share == 0.4
    assert reasoner_config(site("prolonged_dissection", 1.5)).risk.prolonged_factor == 1.5


def test_a_threshold_that_cannot_be_is_said_in_one_line() -> None:
    with pytest.raises(InputError, match="this channel has none; bleeding"):
        reasoner_config(site("division_before_clip", 0.5))
    with pytest.raises(InputError, match=r"channels\.bleeding: threshold 3: Input should be less than 1"):
        reasoner_config(site("bleeding", 3.0))


def test_from_a_site_s_file(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text("[channels.bleeding]\nthreshold = 0.12\n")
    assert reasoner_config(load_site(path)).event.blood_on == 0.12

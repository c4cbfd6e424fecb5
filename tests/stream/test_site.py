"""A site's file changes what it writes, and nothing beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgrpo.core import SettingsError
from medgrpo.stream import ChannelPolicy, Site, load_site


def written(folder: Path, text: str) -> Site:
    path = folder / "site.toml"
    path.write_text(text)
    return load_site(path)


def test_a_channel_that_is_written_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    site = written(tmp_path, '[channels.bleeding]\nrole = "partner"\n')
    assert site.policy("bleeding") == ChannelPolicy(role="partner")
    for channel, policy in Site().channels.items():
        assert site.policy(channel) == policy, channel


def test_of_a_channel_that_has_defaults_only_what_is_written_changes(tmp_path: Path) -> None:
    view = written(tmp_path, "[channels.view]\non_after_seconds = 5\n").policy("view")
    assert view == Site().policy("view").model_copy(update={"on_after_seconds": 5.0})
    assert view.carries == ("out_of_domain",)


def test_a_default_is_taken_away_by_writing_that_there_is_none(tmp_path: Path) -> None:
    site = written(tmp_path, "[channels.video_lost]\nsame_within_seconds = 0\n[channels.view]\ngrouped_under = []\n")
    assert site.policy("view").grouped_under == ()
    assert (site.policy("video_lost").same_within_seconds, site.policy("video_lost").refractory_seconds) == (0.0, 10.0)


def test_what_a_record_holds_of_a_site_is_that_site(tmp_path: Path) -> None:
    site = written(tmp_path, "[channels.view]\ncarries = []\n[channels.bleeding]\nthreshold = 0.12\n")
    assert Site.model_validate(site.model_dump(mode="json")) == site


def test_a_wrong_field_of_one_is_named_by_its_place(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"channels\.view\.on_after_seconds: -1 cannot be"):
        written(tmp_path, "[channels.view]\non_after_seconds = -1\n")

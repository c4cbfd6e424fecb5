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


def test_a_channel_that_there_is_not_is_refused_by_name_and_beside_every_other_fault(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        written(
            tmp_path,
            '[channels.bleding]\nrole = "partner"\n[channels.view]\non_after_second = 2\ngrouped_under = ["video_los"]\n'
            '[channels.zzz]\nrole = "watcher"\n',
        )
    first, second, third, fourth = (line.partition("site.toml: ")[2] for line in error.value.lines)
    assert first == "channels.view.on_after_second: no such key: did you mean on_after_seconds?"
    assert second == "channels.bleding: no such channel: 'bleding': did you mean bleeding?"
    assert third == "channels.view.grouped_under: no such channel: 'video_los': did you mean video_lost?"
    assert fourth.startswith("channels.zzz: no such channel: 'zzz'; there are bleeding, ")
    assert "model_late" in fourth


def test_every_channel_that_a_record_tells_of_may_be_written(tmp_path: Path) -> None:
    from medgrpo.stream.site_file import CHANNEL_NAMES

    for name in CHANNEL_NAMES:
        assert written(tmp_path, f'[channels.{name}]\nrole = "watcher"\n').role_for(name) == "watcher"
    assert set(Site().channels) <= set(CHANNEL_NAMES)

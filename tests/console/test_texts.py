"""Three languages say the same."""

import re
import string

import pytest

from medgrpo.console.assets import assets
from medgrpo.console.listing import Standing
from medgrpo.console.texts import LANGUAGES, chosen, load_texts
from medgrpo.knowledge import INSTRUMENTS, load_procedure
from medgrpo.reasoning import RULES, SubGoalLevel
from medgrpo.stream import TECHNICAL_CHANNELS, ChannelState, Decision, Priority


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_places(language):
    english, words = load_texts("en").words, load_texts(language).words
    assert set(words) == set(english)
    for key, text in words.items():
        assert text.strip() == text != "", key
        assert _places(text) == _places(english[key]), key


def test_no_language_was_left_in_english():
    english = load_texts("en").words
    for language in ("de", "zh"):
        words = load_texts(language).words
        same = [key for key, text in words.items() if text == english[key] and re.search(r"[a-z]{3}", text)]
        assert len(same) <= 0.08 * len(words), same


def test_every_channel_phase_and_criterion_has_its_word():
    words, procedure = load_texts("en").words, load_procedure("laparoscopic_cholecystectomy")
    wanted = [f"channel.{channel}" for channel in (*TECHNICAL_CHANNELS, *(rule.hazard for rule in RULES))]
    wanted += [f"phase.{phase.id}" for phase in procedure.phases] + [f"phase_short.{phase.id}" for phase in procedure.phases]
    wanted += [f"goal.{goal.id}" for phase in procedure.phases for goal in phase.sub_goals]
    wanted += [f"instrument.{instrument}" for instrument in INSTRUMENTS]
    wanted += [f"state.{state.value}" for state in ChannelState] + [f"level.{level.value}" for level in SubGoalLevel]
    wanted += [f"priority.{priority.value}" for priority in Priority] + [f"decision.{decision.value}" for decision in Decision]
    wanted += [f"cases.{standing.value}" for standing in Standing]
    assert [key for key in wanted if key not in words] == []


def test_every_text_that_a_script_asks_for_is_there():
    words = load_texts("en").words
    for name, asset in assets().items():
        if name.endswith(".js"):
            asked = re.findall(r"""\bt\("([a-z_]+\.[\w ]+)\"""", asset.plain.decode())
            assert [key for key in asked if key not in words] == [], name


def test_the_language_asked_for_goes_before_the_browsers():
    assert chosen("de", "zh-CN,zh;q=0.9").language == "de"
    assert chosen(None, "zh-CN,zh;q=0.9,en;q=0.8").language == "zh"
    assert chosen(None, "fr-FR, de-AT;q=0.7").language == "de"
    assert chosen("xx", "").language == "en"


def test_a_page_says_its_language_and_keeps_it(local):
    assert '<html lang="en">' in local.client.get("/").text
    page = local.client.get("/?language=zh")
    assert '<html lang="zh">' in page.text
    assert "研究软件，不得用于临床" in page.text
    assert '<html lang="zh">' in local.client.get("/").text
    assert "Forschungssoftware" in local.client.get("/?language=de").text
    assert '<html lang="de">' in local.client.get("/?language=../../etc").text


def _places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)

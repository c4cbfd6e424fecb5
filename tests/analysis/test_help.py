"""An analysis that may call upon a model that rephrases: what it says is taken only where it stands, and counted."""

from pathlib import Path
from types import ModuleType

from medgrpo.analysis import AnalysisOptions, Help, analyze, read_analysis
from medgrpo.perception import Domain


class Careless:
    """Adds an organ to every sentence but the shortest, which it gives back."""

    name = "careless"

    def rephrase(self, text: str) -> str:
        return text if len(text) < 160 else f"{text} Mind the spleen."


def test_sentences_that_do_not_stand_are_counted_in_the_file(operation: Path, scripted: ModuleType, tmp_path: Path):
    perceiver = scripted.ScriptedPerceiver(domain=Domain.SIMULATED)
    options = AnalysisOptions(rephrase_model="careless")
    result = analyze(operation, tmp_path / "out", options, perceiver, help=Help(rephraser=Careless()))
    analysis = read_analysis(result.analysis_path, observations=False)
    language = analysis.summary.language
    assert language is not None
    assert language.model == analysis.header.options.rephrase_model == "careless"
    assert language.rejected["names what the chain does not name"] == language.asked - language.taken > 0
    assert analysis.timeline.thoughts == result.timeline.thoughts
    assert not any("spleen" in thought.text for thought in analysis.timeline.thoughts)
    assert analysis.summary.thoughts == len(analysis.timeline.thoughts) >= 4
    assert all(thought.rephrased == (len(thought.text) < 160) for thought in analysis.timeline.thoughts)
    assert analysis.summary.thoughts_refused == {}

"""What is proved before the first step, and what ends a run."""

from __future__ import annotations

import pytest

from medgrpo.core import ModelError
from medgrpo.policy import Policy, StopSettings, alarms, check_sight, sample_group

torch = pytest.importorskip("torch", reason="needs the extra `models`")


def test_a_model_that_does_not_see_is_refused(tiny25) -> None:
    class Blind(Policy):
        def hidden(self, token_ids, positions, prompt, mask, cache=None, **states):
            return super().hidden(token_ids, positions, None if prompt is None else prompt.blind(), mask, cache, **states)

    seeing = tiny25.policy()
    prompt = seeing.prompt(tiny25.encoded())
    group = sample_group(seeing, prompt, 2, 8, torch.Generator().manual_seed(0))
    sight = check_sight(seeing, prompt, group, 1e-3)
    assert sight.blacked_out > 1e-2
    assert max(sight.packed, sight.rollout) < 1e-5
    blind = Blind(tiny25.network, tiny25.encoder.vision.all, [tiny25.encoder.end_of_turn], "maximum")
    with pytest.raises(ModelError, match="the model does not see it, and training would be blind"):
        check_sight(blind, prompt, group, 1e-3)
    with pytest.raises(ModelError, match="between rollout, packed and plain forward"):
        check_sight(seeing, prompt, group, 1e-12)


def test_alarms_by_hand() -> None:
    def line(entropy: float, drift: float) -> dict:
        return {"keys": {"a/b": {"entropy": entropy, "drift": drift, "overlong": 0.0, "unreadable": 0.0, "zero_spread": None}}}

    settings = StopSettings(window=2, least_entropy=0.1, most_drift=0.2)
    assert alarms(settings, [line(0.0, 9.0)]) == []
    assert alarms(settings, [line(0.0, 0.0), line(0.3, 0.1)]) == []
    first, second = alarms(settings, [line(0.0, 0.1), line(0.1, 0.5)])
    assert first.startswith("entropy 0.05 over 2 steps, below stop.least_entropy = 0.1")
    assert second.startswith("drift 0.3 over 2 steps, above stop.most_drift = 0.2")
    assert alarms(StopSettings(window=1, least_entropy=False), [line(0.0, 0.0)]) == []

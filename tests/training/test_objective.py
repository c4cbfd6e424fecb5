import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train`")

from medgrpo.training.objective import tip_loss, tip_targets  # noqa: E402


def one_box(x: float, y: float, width: float, height: float, kind: int = 2):
    return (torch.tensor([kind]), torch.tensor([[x, y]]), torch.tensor([[width, height]]))


def test_a_tip_marks_its_cell_with_offset_and_log_size():
    # 64 x 96 pixels are 4 x 6 cells; x 0.5 of 6 is 3.0 (cell 3, offset 0), y 0.3 of 4 is 1.2 (cell 1, offset 0.2)
    targets = tip_targets([one_box(0.5, 0.3, 1 / 3, 0.5)], 64, 96)
    assert targets.heat[0, 2, 1, 3] == 1
    assert targets.heat[0, 0].sum() == 0
    assert targets.place[0, :, 1, 3].tolist() == pytest.approx([0.0, 0.2, 0.6931, 0.6931], abs=1e-3)
    assert targets.at.sum() == 1


def test_a_tip_outside_the_picture_is_no_target():
    assert tip_targets([one_box(1.2, 0.3, 0.1, 0.1)], 64, 96).at.sum() == 0


def test_the_loss_is_small_only_for_the_right_heat_map():
    targets = tip_targets([one_box(0.5, 0.3, 0.3, 0.3)], 64, 96)
    right = torch.full((1, 10, 4, 6), -9.0)
    right[0, 2, 1, 3] = 9.0
    right[:, 6:] = targets.place
    assert tip_loss(right, targets) < 0.01
    assert tip_loss(torch.full((1, 10, 4, 6), -9.0), targets) > 5

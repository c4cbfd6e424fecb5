import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train`")

from medgrpo.training.augmentation import cover, random_views, relight, warp, warp_boxes  # noqa: E402


def test_a_box_goes_where_its_picture_goes():
    # a white square on black, seen through many random views: its centre of mass must be the warped box's centre
    images = torch.zeros(32, 3, 64, 96)
    images[:, :, 20:28, 30:42] = 1.0
    centre, size = torch.tensor([[36 / 96, 24 / 64]]), torch.tensor([[12 / 96, 8 / 64]])
    views = random_views(torch.Generator().manual_seed(1), 32)
    warped = warp(images, views, 64, 96)[:, 0]
    y, x = torch.meshgrid((torch.arange(64) + 0.5) / 64, (torch.arange(96) + 0.5) / 96, indexing="ij")
    checked = 0
    for picture, view in zip(warped, views, strict=True):
        (moved,), (sized,) = warp_boxes(centre, size, view)
        if 0.2 < moved[0] < 0.8 and 0.2 < moved[1] < 0.8:  # wholly inside the picture
            mass = picture.sum()
            assert float((picture * x).sum() / mass) == pytest.approx(float(moved[0]), abs=0.01)
            assert float((picture * y).sum() / mass) == pytest.approx(float(moved[1]), abs=0.01)
            assert (sized > 0).all()
            checked += 1
    assert checked > 10


def test_light_and_cover_stay_in_range_and_are_repeatable():
    images = torch.rand(4, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    first, second = (
        cover(g, relight(g, images.clone())) for g in (torch.Generator().manual_seed(5), torch.Generator().manual_seed(5))
    )
    assert torch.equal(first, second)
    assert first.min() >= 0
    assert first.max() <= 1
    assert not torch.equal(first, images)

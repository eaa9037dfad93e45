"""Resizing pixels: the same bits as torchvision, and truths that need no oracle."""

import numpy as np
import pytest
from conftest import drawn_frames
from hypothesis import given, settings
from hypothesis import strategies as st

from reeljudge.clips import resize_picture
from reeljudge.clips.resample import taps

SIZES = [
    ((480, 720), (476, 728)),
    ((256, 256), (336, 336)),
    ((720, 1280), (560, 1008)),
    ((160, 288), (252, 448)),
    ((97, 61), (28, 84)),
    ((40, 300), (280, 56)),
    ((900, 33), (28, 28)),
    ((64, 64), (128, 128)),  # exactly two: many values fall on a half
    ((128, 128), (64, 64)),
    ((1, 1), (28, 28)),
    ((2, 5), (56, 28)),
]


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_a_picture_of_the_right_size_is_handed_back():
    picture = noise(28, 56)
    assert resize_picture(picture, 28, 56) is picture


@pytest.mark.parametrize(("source", "target"), SIZES)
@pytest.mark.parametrize("grey", [0, 1, 127, 254, 255])
def test_plain_stays_plain(source, target, grey):
    resized = resize_picture(np.full((*source, 3), grey, np.uint8), *target)
    assert resized.shape == (*target, 3)
    assert (resized == grey).all()


@pytest.mark.parametrize(("source", "target"), SIZES)
def test_weights_are_a_cubic_that_sums_to_one(source, target):
    for size_in, size_out in zip(source, target, strict=True):
        start, size, weight = taps(size_in, size_out)
        assert weight.sum(axis=1) == pytest.approx(1, abs=1e-6)
        assert (start >= 0).all()
        assert (start + size <= size_in).all()
        # Symmetric: the last output sees the input's end as the first sees its beginning.
        assert weight[0, : size[0]] == pytest.approx(weight[-1, : size[-1]][::-1], abs=1e-3)


def test_doubling_by_hand():
    # Output 4 of 16 lies at 2.25 of the input, its pixels 0 to 3 at distances 1.75, 0.75, 0.25 and 1.25.
    start, size, weight = taps(8, 16)
    assert (start[4], size[4]) == (0, 4)
    assert weight[4, :4].tolist() == [-0.0234375, 0.2265625, 0.8671875, -0.0703125]


def by_definition(picture, height, width):
    """The same filter in float64 straight from its definition, without rounding in between."""

    def matrix(size_in, size_out):
        scale = size_in / size_out
        wide = max(scale, 1.0)
        center = (np.arange(size_out) + 0.5) * scale
        distance = np.abs(np.arange(size_in) + 0.5 - center[:, None]) / wide
        inner = (1.5 * distance - 2.5) * distance**2 + 1
        outer = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
        weight = np.where(distance < 1, inner, np.where(distance < 2, outer, 0))
        return weight / weight.sum(axis=1, keepdims=True)

    tall, wide, _ = picture.shape
    down, across = matrix(tall, height), matrix(wide, width)
    values = [down @ picture[:, :, channel].astype(float) @ across.T for channel in range(3)]
    return np.clip(np.stack(values, -1), 0, 255)


@pytest.mark.parametrize(("source", "target"), SIZES)
def test_close_to_the_definition(source, target):
    picture = noise(*source)
    resized = resize_picture(picture, *target)
    # float32 weights move a value by less than 0.05 of a level.
    assert np.abs(resized - by_definition(picture, *target)).max() <= 0.55


def test_views_that_are_not_contiguous():
    picture = noise(60, 80)
    turned = picture[::-1, ::-1].transpose(1, 0, 2)
    assert (resize_picture(turned, 56, 84) == resize_picture(np.ascontiguousarray(turned), 56, 84)).all()


class TestAgainstTorchvision:
    @pytest.fixture(autouse=True)
    def oracle(self):
        torch = pytest.importorskip("torch", reason="torchvision is the oracle of these tests")
        functional = pytest.importorskip("torchvision.transforms.functional")
        if torch.backends.cpu.get_cpu_capability() == "DEFAULT":
            pytest.skip("torch computes without fused multiply-add here")

        def resize(picture, height, width):
            batch = torch.tensor(picture[None]).permute(0, 3, 1, 2)
            mode = functional.InterpolationMode.BICUBIC
            resized = functional.resize(batch, [height, width], interpolation=mode, antialias=True)
            return resized[0].permute(1, 2, 0).numpy()

        self.resize = resize

    @pytest.mark.parametrize(("source", "target"), SIZES)
    def test_the_same_bits(self, source, target):
        for picture in (noise(*source), drawn_frames(3, *source)[2]):
            assert (resize_picture(picture, *target) == self.resize(picture, *target)).all()

    @settings(max_examples=40, deadline=None)
    @given(
        st.integers(1, 200),
        st.integers(1, 200),
        st.integers(1, 8),
        st.integers(1, 8),
        st.integers(0, 2**32 - 1),
    )
    def test_the_same_bits_at_any_size(self, height, width, tall, wide, seed):
        picture = noise(height, width, seed)
        assert (
            resize_picture(picture, 28 * tall, 28 * wide) == self.resize(picture, 28 * tall, 28 * wide)
        ).all()

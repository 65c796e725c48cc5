import numpy as np
import pytest

from hf_causal.utils.randomness import Stream


def test_a_key_always_gives_the_same_stream():
    first, second = Stream(3, "train", 7), Stream(3, "train", 7)
    for _ in range(2):
        np.testing.assert_array_equal(first.words((4, 5)), second.words((4, 5)))


@pytest.mark.parametrize(
    "other", [(0, "train", 1), (1, "train", 0), (0, "validation", 0), (0, "train"), (0, "train0")]
)
def test_different_keys_give_different_streams(other):
    assert not np.intersect1d(Stream(0, "train", 0).words((1000,)), Stream(*other).words((1000,))).size


def test_a_stream_does_not_repeat_itself():
    stream = Stream("repeat")
    assert not np.intersect1d(stream.words((1000,)), stream.words((1000,))).size


def test_values_are_pinned():
    """They are a contract: no platform and no NumPy version may change them."""
    stream = Stream(0, "golden")
    assert stream.words((3,)).tolist() == [18034329289814169622, 13358942338121348115, 13179084832919681839]
    assert stream.uniform((2,)).tolist() == [0.05419017707747231, 0.6740805136395893]
    assert stream.integers(1000, (5,)).tolist() == [341, 53, 97, 640, 448]
    assert stream.permutations(2, 5).tolist() == [[4, 3, 0, 2, 1], [4, 3, 2, 1, 0]]


@pytest.mark.parametrize("draw", ["words", "uniform"])
@pytest.mark.parametrize("shape", [(0,), (1,), (3, 4), (2, 0, 5)])
def test_arrays_have_the_requested_shape(draw, shape):
    assert getattr(Stream("shape"), draw)(shape).shape == shape
    assert Stream("shape").integers(5, shape).shape == shape


def test_uniform_fills_the_unit_interval_evenly():
    values = Stream("uniform").uniform((100_000,))
    assert values.dtype == np.float64
    assert values.min() >= 0 and values.max() < 1
    counts, _ = np.histogram(values, bins=10, range=(0, 1))
    assert np.abs(counts - 10_000).max() < 500


@pytest.mark.parametrize("high", [1, 2, 7, 62])
def test_integers_are_even_over_their_range(high):
    counts = np.bincount(Stream("integers").integers(high, (10_000 * high,)), minlength=high)
    assert len(counts) == high
    assert np.abs(counts - 10_000).max() < 500


def test_integers_reach_the_top_of_a_large_range():
    high = 2**31 - 1
    values = Stream("large").integers(high, (10_000,))
    assert values.dtype == np.int64
    assert 0 <= values.min() < high // 100
    assert high - high // 100 < values.max() < high


@pytest.mark.parametrize("high", [0, -1, 2**31])
def test_integers_refuse_a_range_they_cannot_draw_from(high):
    with pytest.raises(ValueError, match=f"`high`.*got {high}"):
        Stream("bad").integers(high, (1,))


def test_permutations_are_permutations_and_all_equally_likely():
    permutations = Stream("permutations").permutations(24_000, 4)
    np.testing.assert_array_equal(np.sort(permutations, axis=1), np.tile(np.arange(4), (24_000, 1)))
    _, counts = np.unique(permutations, axis=0, return_counts=True)
    assert len(counts) == 24
    assert np.abs(counts - 1000).max() < 200

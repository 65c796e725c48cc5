"""Test cases of the metric: inputs as `compute` takes them, and the expected scores."""

_CAUSE = [[2.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
_SPURIOUS = [[[0.0] * 3, [0.0, strength, 0.0], [0.0] * 3] for strength in (3.0, -1.0)]
_BOTH = [[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]

test_cases = [
    {
        "inputs": {"predictions": [_CAUSE], "references": [_CAUSE], "spurious": [_SPURIOUS]},
        "result": {"n": 1, "to_invariant": 0.0, "to_pooled": 0.2**0.5, "spurious_energy": 0.0, "rank": 1},
    },
    {
        # Two estimates: the pooled one, and one with a component of neither.
        "inputs": {
            "predictions": [_BOTH, [[2.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]],
            "references": [_CAUSE, _CAUSE],
            "spurious": [_SPURIOUS, _SPURIOUS],
        },
        "result": {
            "n": 2,
            "to_invariant": 0.5,
            "to_pooled": 0.4**0.5 / 2,
            "spurious_energy": 0.25,
            "other_energy": 0.25,
            "rank": 2,
        },
    },
]

"""Test cases of the metric: inputs as `compute` takes them, and the expected scores."""

_KINDS = {"kind": ["color", "color", "count", "count"]}

test_cases = [
    {
        # One pair that is right both ways, one for images only, one for captions only, one neither way.
        "inputs": {
            "c0_i0": [0.9, 0.9, 0.8, 0.1],
            "c1_i0": [0.2, 0.5, 0.9, 0.3],
            "c0_i1": [0.1, 0.95, 0.4, 0.4],
            "c1_i1": [0.8, 0.96, 0.95, 0.2],
            **_KINDS,
        },
        "result": {
            "n": 4,
            "text": 0.5,
            "text_stderr": 0.25,
            "image": 0.5,
            "image_stderr": 0.25,
            "group": 0.25,
            "group_stderr": (0.1875 / 4) ** 0.5,
            "ties": 0,
        },
    },
    {
        # Equal similarities prefer neither.
        "inputs": {"c0_i0": [1.0] * 4, "c1_i0": [1.0] * 4, "c0_i1": [1.0] * 4, "c1_i1": [1.0] * 4, **_KINDS},
        "result": {"text": 0.0, "image": 0.0, "group": 0.0, "group_stderr": 0.0, "ties": 4},
    },
]

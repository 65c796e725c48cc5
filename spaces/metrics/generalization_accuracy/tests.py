"""Test cases of the metric: inputs as `compute` takes them, and the expected scores."""

_CELLS = {"split": ["long", "long", "wide"], "structure": ["chain", "chain", "branching"], "num_nodes": [7, 7, 12]}

test_cases = [
    {
        "inputs": {"predictions": [1, 0, 0], "references": [1, 0, 1], **_CELLS, "branching_factor": [None, None, 1.4]},
        "result": {"n": 3, "accuracy": 2 / 3, "chance_centred": 1 / 3, "stderr": (2 / 27) ** 0.5},
        "splits": {"long": 1.0, "wide": 0.0},
    },
    {
        # An answer that is neither Yes nor No is wrong.
        "inputs": {
            "predictions": [-1, 0, 1],
            "references": [1, 0, 1],
            **_CELLS,
            "branching_factor": [None, None, 1.4],
        },
        "result": {"n": 3, "accuracy": 2 / 3},
        "splits": {"long": 0.5, "wide": 1.0},
    },
]

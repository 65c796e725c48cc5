"""Test cases of the metric: inputs as `compute` takes them, and the expected scores."""

_HEAD = [[1, 0, 0], [0.9, 0.1, 0], [0.3, 0.6, 0.1]]
_OTHER = [[1, 0, 0], [0.5, 0.5, 0], [0.8, 0.1, 0.1]]

test_cases = [
    {
        "inputs": {"predictions": [[_HEAD]], "references": [[[], [0], [0]]]},
        "result": {
            "num_edges": 2,
            "num_found": 2,
            "mean_weight": 0.6,
            "min_weight": 0.3,
            "uniform_weight": (1 / 2 + 1 / 3) / 2,
            "precision": 0.5,
            "recall": 0.5,
            "f1": 0.5,
            "hamming_distance": 2,
        },
    },
    {
        # Two heads attend to the two parents of position 2.
        "inputs": {"predictions": [[_HEAD, _OTHER]], "references": [[[], [0], [0, 1]]]},
        "result": {"num_edges": 3, "mean_weight": (0.9 + 0.8 + 0.6) / 3, "f1": 1.0, "hamming_distance": 0},
    },
    {
        # Shares are over the edges of all graphs, the three of the first weigh more than the one of the second.
        "inputs": {
            "predictions": [[_HEAD, _OTHER], [_HEAD]],
            "references": [[[], [0], [0, 1]], [[], [], [0]]],
        },
        "result": {
            "num_edges": 4,
            "num_found": 5,
            "precision": 0.6,
            "recall": 0.75,
            "f1": 2 / 3,
            "hamming_distance": 3,
        },
    },
]

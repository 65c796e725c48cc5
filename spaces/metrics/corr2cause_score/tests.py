"""Test cases of the metric: inputs as `compute` takes them, and the expected scores."""

_GROUPS = {"relation": ["parent", "parent", "child", "child", "child"], "num_nodes": [3, 4, 3, 4, 4]}

test_cases = [
    {
        "inputs": {"predictions": [1, 1, 0, 0, 0], "references": [1, 0, 1, 0, 0], **_GROUPS},
        "result": {
            "n": 5,
            "num_yes": 2,
            "unanswered": 0,
            "accuracy": 0.6,
            "accuracy_stderr": (0.24 / 5) ** 0.5,
            "majority_accuracy": 0.6,
            "precision": 0.5,
            "precision_stderr": 0.125**0.5,
            "recall": 0.5,
            "recall_stderr": 0.125**0.5,
            "f1": 0.5,
            "f1_stderr": 24**0.5 / 16,
        },
    },
    {
        # Always No, the majority baseline.
        "inputs": {"predictions": [0] * 5, "references": [1, 0, 1, 0, 0], **_GROUPS},
        "result": {
            "accuracy": 0.6,
            "majority_accuracy": 0.6,
            "precision": 0.0,
            "precision_stderr": None,
            "recall": 0.0,
            "recall_stderr": 0.0,
            "f1": 0.0,
            "f1_stderr": 0.0,
        },
    },
    {
        # An answer that is neither Yes nor No is wrong; it costs recall where Yes is right, and no precision.
        "inputs": {"predictions": [1, -1, -1, 0, 0], "references": [1, 0, 1, 0, 0], **_GROUPS},
        "result": {"unanswered": 2, "accuracy": 0.6, "precision": 1.0, "recall": 0.5, "f1": 2 / 3},
    },
]

"""Test cases of the metric: inputs as `compute` takes them, and the expected scores."""

_TRUE, _SEEN = [0.30, 0.40, 0.50, 0.20], [0.10, 0.60, 0.50, 0.30]

test_cases = [
    {
        # Up, down (too far), a change where there is none, and the wrong way.
        "inputs": {"predictions": [0.30, 0.20, 0.60, 0.40], "references": _TRUE, "observed": _SEEN},
        "result": {
            "n": 4,
            "mean_absolute_error": 0.125,
            "mean_absolute_error_stderr": ((0.125**2 + 2 * 0.075**2 + 0.025**2) / 3 / 4) ** 0.5,
            "naive_mean_absolute_error": 0.125,
            "error_removed": 0.0,
            "n_changed": 3,
            "sign_agreement": 2 / 3,
            "sign_agreement_stderr": (2 / 9 / 3) ** 0.5,
        },
    },
    {
        # The naive answer.
        "inputs": {"predictions": _SEEN, "references": _TRUE, "observed": _SEEN},
        "result": {"mean_absolute_error": 0.125, "error_removed": 0.0, "sign_agreement": 0.0},
    },
    {
        "inputs": {"predictions": _TRUE, "references": _TRUE, "observed": _SEEN},
        "result": {"mean_absolute_error": 0.0, "error_removed": 1.0, "sign_agreement": 1.0},
    },
    {
        # Nothing changes, so there is no sign to agree with and no error to remove.
        "inputs": {"predictions": [0.5], "references": [0.4], "observed": [0.4]},
        "result": {
            "mean_absolute_error": 0.1,
            "mean_absolute_error_stderr": None,
            "naive_mean_absolute_error": 0.0,
            "error_removed": None,
            "n_changed": 0,
            "sign_agreement": None,
        },
    },
]

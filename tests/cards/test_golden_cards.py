"""The whole text of the cards of two small builds, as a reader of the Hub sees them.

`python tests/test_golden_cards.py` writes them anew after a change that was meant; read the difference before it is
committed.
"""

import re
from pathlib import Path

import pytest

from hf_causal import __version__
from hf_causal.corpora.build import build
from hf_causal.corpora.card import render_card
from hf_causal.systems.datasets import datasets

GOLDEN = Path(__file__).parent / "golden"
BUILDS = {
    "axiomatic": {
        "configs": ["transitivity_ts2", "d_separation"],
        "options": {"rows": 400, "validation_rows": 200},
    },
    "corr2cause": {"configs": ["balanced"], "options": {"rows": 300, "rows_per_cell": 40}},
    "causal_sequences": {"configs": ["forest"], "options": {"rows": 60, "validation_rows": 20, "rows_per_cell": 20}},
    "scenes": {"configs": ["published", "effects"], "options": {}},
    "co_occurrence": {
        "configs": ["co_occurrence"],
        "options": {"rows": 360, "validation_rows": 180, "rows_per_cell": 10},
    },
    "environments": {"configs": ["matrix_sensing", "cue_order"], "options": {"rows": 80, "validation_rows": 40}},
    "shapes": {"configs": ["minimal_changes"], "options": {"rows": 40, "validation_rows": 8, "rows_per_cell": 3}},
}
# Sizes on disk change with versions of Parquet, and the version of this package with every release.
VARYING = [
    (r"(num_bytes|download_size|dataset_size): \d+", r"\1: SIZE"),
    (r"\| \d+\.\d \| `", "| MB | `"),
    (re.escape(__version__), "VERSION"),
]


def rendered(corpus: str, folder: Path) -> str:
    given = BUILDS[corpus]
    build(corpus, folder, given["configs"], **given["options"])
    text = render_card(folder, corpus, f"my-lab/{corpus}")
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    return text


@pytest.mark.parametrize("corpus", [corpus for corpus in BUILDS if corpus in datasets()])
def test_the_whole_card(corpus, tmp_path):
    assert rendered(corpus, tmp_path) == (GOLDEN / f"{corpus}.md").read_text(encoding="utf-8")


if __name__ == "__main__":
    import tempfile

    GOLDEN.mkdir(exist_ok=True)
    for name in BUILDS:
        with tempfile.TemporaryDirectory() as scratch:
            (GOLDEN / f"{name}.md").write_text(rendered(name, Path(scratch)), encoding="utf-8")

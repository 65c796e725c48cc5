"""The parts of published data sets that are next to the repository, where they are: what was observed on them."""

from pathlib import Path

import pytest

from hf_causal.verification import verify

PUBLISHED = Path("../shared/benchmarks/public")
pytestmark = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published files are not here")


def verdicts(name: str) -> dict[str, dict[str, int]]:
    return {table.name: table.verdicts for table in verify(PUBLISHED / name).tables}


def test_clear():
    tables = verify(PUBLISHED / "clear").tables
    assert sum(table.num_rows for table in tables) == 800
    assert not any(table.verdicts.get("unreadable") or table.verdicts.get("out_of_scope") for table in tables)
    assert {table.name: table.rows("wrong_label") for table in tables if table.rows("wrong_label")} == {
        "c-forest.json": [34],
        "c-tree.json": [39],
    }


def test_corr2cause():
    assert verdicts("corr2cause_pp") == {"train.json": {"proved": 200}}
    for table in verify(PUBLISHED / "corr2cause").tables:
        assert table.dataset is None and set(table.verdicts) == {"proved", "refuted"}


def test_caugym():
    found = verdicts("caugym")
    assert found["base_dataset.json"] == {"proved": 21, "contradicts_derivation": 49}
    assert found["redundant_dataset.json"] == {"proved": 61, "precision": 9}


def test_cladder():
    found = verdicts("cladder")
    assert found["test-model-meta.json"] == {"proved": 120, "refuted": 276}  # issue 15 of causalNLP/cladder
    assert not any("refuted" in counts for name, counts in found.items() if name.startswith("test-generate"))


def test_rlcausal():
    assert all(set(counts) == {"proved", "precision"} for counts in verdicts("rlcausal").values())


def test_calm():
    found = verdicts("calm_lite")
    assert all(found[name] == {"proved": 12} for name in found if name[:3] in ("ATE", "CDE", "NDE", "ETT"))

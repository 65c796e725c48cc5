"""What was published stays as it is: bytes of small corpora, outputs of released models, cards, commands.

`python tests/pins/make_pins.py` writes the pins again after a change that was meant; `--check --full --reproduce`
compares everything exactly, the published sizes and the main job too.
"""

from pathlib import Path

import pytest
from make_pins import observations, read_pins
from pins_compare import EXACT_OUTPUTS, differences

from hf_causal.systems import NAMES

# Of outputs on another type of CPU; where code alone has changed, `make_pins.py --check` finds them equal.
TOLERANCE = 1e-3
PINNED_SYSTEMS = {"sequences", "heterogeneity", "interventions", "equivariance"}
KINDS = ("corpora", "outputs", "dataset_cards", "model_cards", "commands", "first_steps")


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    return observations(Path(tmp_path_factory.mktemp("pins")))


@pytest.mark.skipif(set(NAMES) != PINNED_SYSTEMS, reason="pinned with all systems, and one is not in this checkout")
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_published_has_changed(kind, observed):
    pinned, now = read_pins(kind), observed[kind]()
    tolerance, ignored = (TOLERANCE, EXACT_OUTPUTS) if kind in ("outputs", "first_steps") else (0.0, ())
    if kind == "first_steps" and _machines(pinned) == _machines(now):
        ignored = ()
    found = differences(pinned, now, tolerance, ignored)
    shown = "\n".join(found[:40] + ([f"… and {len(found) - 40} more"] if len(found) > 40 else []))
    assert not found, f"{len(found)} differences from tests/pins/{kind}.json:\n{shown}"


def _machines(runs):
    return [run["made_on"] for run in runs.values()]


def test_every_released_model_is_pinned_and_answers():
    pinned = read_pins("outputs")
    assert sorted(pinned) == sorted(read_pins("model_cards"))
    for name, fields in pinned.items():
        assert any("argmax" in field for field in fields.values() if isinstance(field, dict)), name


@pytest.mark.parametrize(
    ("pinned", "observed", "expected"),
    [
        ({"a": 1.0}, {"a": 1.0005}, []),
        ({"a": 1.0}, {"a": 1.1}, ["a: pinned 1.0, now 1.1"]),
        ({"a": {"b": "x"}}, {"a": {}}, ["a > b: is gone; pinned 'x'"]),
        ({}, {"a": 2}, ["a: is new and not pinned: 2"]),
        ({"rows": ["x", "z"]}, {"rows": ["x", "y", "z"]}, ["rows: now    y"]),
        ({"a": True}, {"a": 1}, ["a: pinned True, now 1"]),
        ({"made_on": "one machine"}, {"made_on": "another"}, []),
    ],
)
def test_differences_say_what_and_where(pinned, observed, expected):
    assert differences(pinned, observed, TOLERANCE) == expected

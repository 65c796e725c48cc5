"""Recipes: which value wins, what reaches into a mapping, and what a mistake is told."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from hf_causal.utils.recipe_files import RecipeReader


@dataclass(frozen=True)
class Recipe:
    name: str
    learning_rate: float = 1e-4
    max_steps: int | None = None
    precision: str = "bf16"
    packing: bool = True
    model: dict[str, Any] = field(default_factory=dict)
    mixture: dict[str, int] = field(default_factory=dict)
    evaluations: tuple[str, ...] = ()


READER = RecipeReader(Recipe, "recipes")


def load(text, arguments, folder):
    (folder / "recipe.yaml").write_text(text)
    return READER.load(folder / "recipe.yaml", READER.parse_overrides(arguments))


def test_options_win_over_the_file_and_the_file_over_defaults(tmp_path):
    recipe = load("learning_rate: 1e-3\nmax_steps: 5", ["--max-steps", "7"], tmp_path)
    assert (recipe.learning_rate, recipe.max_steps, recipe.packing) == (1e-3, 7, True)
    assert recipe.name == "recipe"


@pytest.mark.parametrize("option", ["--model.hidden-size=64", "--model.hidden_size=64"])
def test_an_option_for_a_key_leaves_the_other_keys(option, tmp_path):
    assert load("model: {layers: 2, hidden_size: 8}", [option], tmp_path).model == {"layers": 2, "hidden_size": 64}


def test_an_option_for_the_mapping_replaces_it(tmp_path):
    assert load("mixture: {a/b: 1}", ["--mixture", "{c/d: 2}"], tmp_path).mixture == {"c/d": 2}
    assert load("mixture: {a/b: 1}", ["--mixture.c/d", "2"], tmp_path).mixture == {"a/b": 1, "c/d": 2}


def test_values_keep_the_types_of_their_fields(tmp_path):
    recipe = load("precision: no\nmax_steps: 10.0\nlearning_rate: 1\nevaluations: [a, b]", [], tmp_path)
    assert recipe.precision == "no" and recipe.evaluations == ("a", "b")
    assert recipe.max_steps == 10 and type(recipe.max_steps) is int and type(recipe.learning_rate) is float
    assert load("max_steps: 3", ["--max_steps=null"], tmp_path).max_steps is None
    assert READER.make({"name": "x"}, {"model.layers": 3}).model == {"layers": 3}


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--lerning-rate", "1"], "learning_rate"),
        (["--nothing-like-it", "1"], "fields: name"),
        (["--max-steps", "many"], "int | None, got 'many'"),
        (["--model", "7"], "dict"),
        (["--precision.first", "7"], "`model`, `mixture`"),
        (["--mixture.a/b", "many"], "mixture"),
        (["stray"], "stray"),
        (["--packing"], "packing"),
    ],
)
def test_a_mistake_is_reported_in_one_line(arguments, word):
    with pytest.raises(ValueError) as error:
        READER.parse_overrides(arguments)
    assert word in str(error.value) and "\n" not in str(error.value)


def test_values_from_python_are_checked_too():
    with pytest.raises(ValueError, match="must be bool, got 'maybe'"):
        READER.make({"name": "x"}, {"packing": "maybe"})
    with pytest.raises(ValueError, match="did you mean 'packing'"):
        READER.make({"name": "x", "paking": True})

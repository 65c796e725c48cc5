import ast
import dataclasses
import inspect
import itertools
from pathlib import Path

import pytest
import yaml

from hf_causal.training.objectives import ObjectiveOptions, objective_class
from hf_causal.training.recipe import Recipe, load_recipe, parse_overrides, read_recipe, recipe_names

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = [
    objective_class(model_type).Options for model_type in ("axiom", "axiom_looped", "axiom_recurrent", "two_tower")
]


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_loads_and_survives_its_yaml(name, tmp_path):
    recipe = load_recipe(name)
    assert recipe.name == name and recipe.description
    (tmp_path / "copy.yaml").write_text(recipe.to_yaml())
    assert load_recipe(tmp_path / "copy.yaml") == recipe


def test_the_papers_recipes_are_shipped_with_its_setup():
    for encoding in ("none", "learned", "sinusoidal", "rope"):
        recipe = load_recipe(f"axiom-67m-{encoding}")
        assert recipe.model["position_encoding"] == encoding
        assert (recipe.config, recipe.num_train_epochs, recipe.learning_rate) == ("transitivity_ts2", 100, 1e-4)
        assert recipe.options.prompt_loss_weight == 0  # answer-only


def documented_fields(cls):
    """The fields of a dataclass that a string follows."""
    (definition,) = ast.parse(inspect.getsource(cls)).body
    pairs = itertools.pairwise(definition.body)
    return {
        field.target.id
        for field, text in pairs
        if isinstance(field, ast.AnnAssign)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and text.value.value.endswith(".")
    }


@pytest.mark.parametrize("cls", [Recipe, ObjectiveOptions, *OPTIONS], ids=lambda cls: cls.__name__)
def test_every_field_has_a_docstring(cls):
    inherited = {field.name for base in cls.__mro__[1:-1] for field in dataclasses.fields(base)}
    assert documented_fields(cls) == {field.name for field in dataclasses.fields(cls)} - inherited


def test_a_recipe_file_states_changed_and_essential_fields_only():
    recipe = load_recipe("two-tower", {"objective.eqsim_weight": 5, "eval_steps": 500})
    values = yaml.safe_load(recipe.to_yaml())
    assert values["objective"] == {"eqsim_weight": 5.0}
    assert {"name", "model_type", "corpus", "config", "seed", "warmup_steps"} <= set(values)
    assert not {"eval_steps", "muon_learning_rate", "mixture", "compile_mode"} & set(values)


@pytest.mark.parametrize("name", ["axiom-cpu", "axiom-looped", "axiom-reasoner", "two-tower", "matrix-sensing"])
def test_published_recipes_load_and_are_those_that_ship(name):
    """They were written when the options of all objectives were fields of the recipe."""
    text = (ROOT / "model_cards" / name / "recipe.yaml").read_text()
    published = read_recipe(yaml.safe_load(text))
    assert published == load_recipe(name)
    assert load_recipe(ROOT / "model_cards" / name / "recipe.yaml") == published


def test_old_fields_are_options_of_the_objective():
    old = {"name": "x", "model_type": "two_tower", "eqsim_weight": 2, "packing": True, "gate_learning_rate": None}
    assert read_recipe(old).objective == {"eqsim_weight": 2.0}
    with pytest.raises(ValueError, match="'objective.packing' does not exist for 'two_tower'; .*eqsim_margin"):
        read_recipe({**old, "packing": False})


@pytest.mark.parametrize(
    ("arguments", "mode"),
    [
        (["--compile", "true"], "default"),
        (["--compile=true", "--cuda-graphs", "true"], "reduce-overhead"),
        (["--cuda-graphs=false"], None),
        (["--compile-mode", "max-autotune"], "max-autotune"),
    ],
)
def test_former_switches_choose_the_mode_of_compilation(arguments, mode):
    assert load_recipe("axiom-cpu", parse_overrides(arguments)).compile_mode == mode


@pytest.mark.parametrize(
    "arguments", [["--eqsim-weight", "5"], ["--eqsim_weight=5"], ["--objective.eqsim-weight", "5"]]
)
def test_options_of_the_objective_keep_their_names(arguments):
    recipe = load_recipe("two-tower", parse_overrides([*arguments, "--eqsim-version", "v1"]))
    assert (recipe.options.eqsim_weight, recipe.options.eqsim_version, recipe.options.eqsim_margin) == (5.0, "v1", 0.1)


def test_overrides_reach_fields_and_the_model():
    arguments = ["--learning-rate", "1e-3", "--model.num_hidden_layers=2", "--max-steps", "null", "--packing", "false"]
    recipe = load_recipe("axiom-cpu", parse_overrides(arguments))
    assert recipe.learning_rate == 1e-3
    assert recipe.model["num_hidden_layers"] == 2 and recipe.model["hidden_size"] == 128
    assert recipe.max_steps is None and recipe.options.packing is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--learnin-rate", "1"], "did you mean 'learning_rate'"),
        (["--seed"], "seed: expected one argument"),
        (["seed"], "unrecognized arguments: seed"),
        (["--seed", "many"], "'seed' must be int, got 'many'"),
        (["--seed", "1.5"], "'seed' must be int"),
        (["--packing", "1"], "'packing' must be bool"),
        (["--optimizer", "adam"], "'optimizer' must be one of adamw, muon, sgd, got 'adam'"),
        (["--save-steps", "0"], "'save_steps' must be at least 1"),
        (["--fresh-rows", "true", "--max-steps", "null"], "'max_steps' must be given with `fresh_rows`"),
        (["--fresh-rows", "true", "--max-steps", "9", "--train-rows", "9"], "'train_rows' must be null with"),
        (["--train-rows", "-5"], "'train_rows' must be at least 1, or null, got -5"),
        (["--compile", "3"], "'compile' must be true or false"),
        (["--compile-mode", "fast"], "'compile_mode' must be one of"),
        (["--objective.eqsim-weight", "5"], "'objective.eqsim_weight' does not exist for 'axiom'; .* packing"),
        (["--eqsim-weight", "5"], "'objective.eqsim_weight' does not exist"),
        (["--prompt-loss-weight", "-1"], "'prompt_loss_weight' must be not negative"),
        (["--model-type", "gpt"], "'model_type' must be one of axiom, axiom_looped, .*two_tower"),
        (["--name.first", "x"], "only `model`, .* have keys"),
    ],
)
def test_wrong_overrides_say_what_would_be_right(arguments, message):
    with pytest.raises(ValueError, match=message):
        load_recipe("axiom-cpu", parse_overrides(arguments))


def test_unknown_recipes_and_broken_files_say_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="shipped recipes: .*axiom-cpu"):
        load_recipe("axiom-gpu")
    with pytest.raises(FileNotFoundError, match="no recipe file"):
        load_recipe(tmp_path / "absent.yaml")
    (tmp_path / "list.yaml").write_text("- 1\n")
    with pytest.raises(ValueError, match="must be a YAML mapping"):
        load_recipe(tmp_path / "list.yaml")
    (tmp_path / "broken.yaml").write_text("a: [")
    with pytest.raises(ValueError, match="not valid YAML"):
        load_recipe(tmp_path / "broken.yaml")


@pytest.mark.parametrize("text", ["no", "'no'"])
def test_no_precision_is_no_boolean(text, tmp_path):
    assert load_recipe("axiom-cpu", parse_overrides(["--mixed-precision", "no"])).mixed_precision == "no"
    (tmp_path / "plain.yaml").write_text(f"mixed_precision: {text}\n")
    assert load_recipe(tmp_path / "plain.yaml").mixed_precision == "no"

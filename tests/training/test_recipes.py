import dataclasses

import pytest
import yaml

from hf_causal.training.recipe import Recipe, load_recipe, parse_overrides, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_loads_and_survives_its_own_yaml(name, tmp_path):
    recipe = load_recipe(name)
    assert recipe.name == name and recipe.description
    (tmp_path / "copy.yaml").write_text(recipe.to_yaml())
    assert load_recipe(tmp_path / "copy.yaml") == recipe


def test_the_papers_recipes_are_shipped_with_its_setup():
    for encoding in ("none", "learned", "sinusoidal", "rope"):
        recipe = load_recipe(f"axiom-67m-{encoding}")
        assert recipe.model["position_encoding"] == encoding
        assert (recipe.config, recipe.num_train_epochs, recipe.learning_rate) == ("transitivity_ts2", 100, 1e-4)
        assert recipe.prompt_loss_weight == 0  # answer-only


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Recipe)])
def test_every_field_is_documented_or_plain(name):
    source = yaml.safe_load(Recipe(name="x").to_yaml())
    assert name in source


def test_overrides_reach_fields_and_the_model():
    arguments = ["--learning-rate", "1e-3", "--model.num_hidden_layers=2", "--max-steps", "null", "--packing", "false"]
    recipe = load_recipe("axiom-cpu", parse_overrides(arguments))
    assert recipe.learning_rate == 1e-3
    assert recipe.model["num_hidden_layers"] == 2 and recipe.model["hidden_size"] == 128
    assert recipe.max_steps is None and recipe.packing is False


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

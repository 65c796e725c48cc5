"""The fields of a recipe as options of the command line."""

import pytest

from hf_causal.posttraining.options import option_help, parse_arguments

PUBLISHED = {
    "--name",
    "--description",
    "--base-model",
    "--license",
    "--task",
    "--corpus",
    "--config",
    "--train-rows",
    "--validation-rows",
    "--max-length",
    "--packing",
    "--no-packing",
    "--generate",
    "--no-generate",
    "--chat-template",
    "--no-chat-template",
    "--lora",
    "--no-lora",
    "--lora-rank",
    "--lora-alpha",
    "--lora-dropout",
    "--lora-target-modules",
    "--qlora",
    "--no-qlora",
    "--class-weights",
    "--learning-rate",
    "--lr-scheduler-type",
    "--warmup-steps",
    "--weight-decay",
    "--max-grad-norm",
    "--epochs",
    "--max-steps",
    "--batch-size",
    "--gradient-accumulation-steps",
    "--eval-batch-size",
    "--mixed-precision",
    "--attn-implementation",
    "--gradient-checkpointing",
    "--no-checkpointing",
    "--seed",
    "--logging-steps",
    "--eval-steps",
    "--save-total-limit",
    "--eval",
    "--eval-limit",
}
FLAGS = ("packing", "generate", "chat-template", "lora", "qlora", "gradient-checkpointing", "checkpointing")


@pytest.mark.parametrize("option", sorted(PUBLISHED))
def test_every_published_option_is_read(option):
    is_flag = option.removeprefix("--").removeprefix("no-") in FLAGS
    assert len(parse_arguments([option] if is_flag else [option, "1"])) == 1


def test_flags_take_no_value_or_a_plain_one():
    assert parse_arguments(["--lora", "base"]) == {"lora": True, "model": "base"}
    assert parse_arguments(["--no-lora", "--packing", "false"]) == {"lora": False, "packing": False}
    assert parse_arguments(["--lora=false", "--no-gradient-checkpointing"]) == {
        "lora": False,
        "gradient_checkpointing": False,
    }


def test_values_have_the_type_of_their_field():
    arguments = ["--eval", "a/b", "--eval=none", "--learning-rate", "1e-4", "--mixed-precision", "no", "--seed=3"]
    assert parse_arguments(arguments) == {
        "evaluations": ("a/b", "none"),
        "learning_rate": 1e-4,
        "mixed_precision": "no",
        "seed": 3,
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seed"], "option --seed needs a value"),
        (["--sede", "1"], "did you mean 'seed'"),
        (["--seed", "x"], "'seed' must be int, got 'x'"),
        (["a", "b"], "expected one MODEL, got 'a', 'b'"),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        parse_arguments(arguments)


def test_help_has_every_published_option():
    names = {option for options in option_help().values() for names, _ in options for option in names.split("/")}
    assert names >= PUBLISHED

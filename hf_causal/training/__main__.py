"""`python -m hf_causal.training --recipe NAME …`, another name for `python -m hf_causal.cli train NAME …`."""

from __future__ import annotations

import sys
from importlib import import_module


def main(arguments: list[str] | None = None) -> int:
    """Runs `hf-causal train` and returns its exit status."""
    # By name, since nothing in this package depends on the command line.
    return import_module("hf_causal.cli").main(["train", *as_train_arguments(arguments or sys.argv[1:])])


def as_train_arguments(arguments: list[str]) -> list[str]:
    """Returns arguments as `hf-causal train` takes them: without `--recipe`, and options with dashes.

    >>> as_train_arguments(["--recipe", "axiom-cpu", "--output_dir=runs/cpu"])
    ['axiom-cpu', '--output-dir=runs/cpu']
    """
    converted = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name == "--recipe":
            converted += [value] if equals else []
        elif name.startswith("--"):
            converted.append(f"{name.replace('_', '-')}{equals}{value}")
        else:
            converted.append(argument)
    return converted


if __name__ == "__main__":
    sys.exit(main())

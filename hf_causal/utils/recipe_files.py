"""Reads recipes: YAML files whose fields are those of a dataclass, and command-line options that override them.

Types, YAML and nested options are jsonargparse's work. Three libraries were tried on the recipes that ship. It is the
one that sets `--model.hidden-size=64` inside a free mapping (draccus refuses such options, tyro knows only the keys of
the file), and the one that reports a mistake as an exception with a message (the others print a page and exit). It
depends on PyYAML alone. Suggestions for misspelt fields are added here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, get_origin, get_type_hints

import yaml
from jsonargparse import ArgumentError, ArgumentParser, Namespace


@dataclass(frozen=True)
class RecipeReader:
    """Reads the recipes of one dataclass.

    Args:
        recipe_class (`type`): The dataclass that the YAML files fill. Options `FIELD.KEY` reach into its mappings.
        folder (`str`): Folder of this package with the recipes that ship with it.
    """

    recipe_class: type
    folder: str

    def names(self) -> list[str]:
        """Returns the names of the recipes that ship with the package."""
        files = (path.name for path in self._shipped_folder.iterdir())
        return sorted(name.removesuffix(".yaml") for name in files if name.endswith(".yaml"))

    def load(self, recipe: str | Path, overrides: Mapping[str, Any] | None = None) -> Any:
        """Reads a recipe.

        Args:
            recipe (`str` or `Path`): Name of a shipped recipe, or path of a YAML file.
            overrides (mapping, *optional*): From field to value; they win over the file.

        Raises:
            `FileNotFoundError`: If the recipe does not exist, with the names of those that ship.
            `ValueError`: For an unknown field or a value of the wrong type.
        """
        values = self._read_yaml(recipe)
        values.setdefault("name", Path(recipe).stem)
        return self.make(values, overrides)

    def make(self, values: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> Any:
        """Builds a recipe from values and overrides; raises `ValueError` as [`load`] does."""
        merged = dict(values)
        for option, value in (overrides or {}).items():
            name, _, key = option.partition(".")
            if key:
                self._check_mapping(name, option)
                merged[name] = {**merged.get(name, {}), key: value}
            else:
                merged[name] = value
        return self.recipe_class(**{name: self._typed_value(name, value) for name, value in merged.items()})

    def parse_overrides(self, arguments: Iterable[str]) -> dict[str, Any]:
        """Reads `--learning-rate 1e-3 --model.hidden-size=64 …` into field values.

        Dashes and underscores are the same; values are YAML, so `null`, `true` and numbers mean what they say.

        Raises:
            `ValueError`: For an unknown field, a value of the wrong type, or an argument that is not an option.
        """
        arguments = [_with_underscores(argument) for argument in arguments]
        options = [argument[2:].partition("=")[0] for argument in arguments if argument.startswith("--")]
        for option in options:
            self._check_mapping(option.partition(".")[0], option)
        values = self._validated(lambda: self._parser.parse_args(arguments, defaults=False))
        overrides: dict[str, Any] = {}
        for name, value in values.items():
            # An option for the complete mapping replaces it; options for its keys leave the other keys as they are.
            keys = [] if name in options else value
            overrides |= {f"{name}.{key}": value[key] for key in keys} if keys else {name: value}
        return overrides

    @cached_property
    def _types(self) -> dict[str, Any]:
        hints = get_type_hints(self.recipe_class)
        return {field.name: hints[field.name] for field in fields(self.recipe_class)}

    @cached_property
    def _parser(self) -> ArgumentParser:
        parser = ArgumentParser(exit_on_error=False, add_help=False, allow_abbrev=False)
        for name, field_type in self._types.items():
            parser.add_argument(f"--{name}", type=field_type)
        return parser

    @property
    def _shipped_folder(self) -> Any:
        return resources.files("hf_causal") / self.folder

    def _read_yaml(self, recipe: str | Path) -> dict[str, Any]:
        path = Path(recipe)
        if path.suffix in (".yaml", ".yml"):
            if not path.is_file():
                raise FileNotFoundError(f"no recipe file {str(path)!r}")
            text = path.read_text(encoding="utf-8")
        elif str(recipe) in self.names():
            text = self._shipped_folder.joinpath(f"{recipe}.yaml").read_text(encoding="utf-8")
        else:
            raise FileNotFoundError(f"no recipe {str(recipe)!r}; shipped recipes: {', '.join(self.names())}")
        try:
            values = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ValueError(f"recipe {str(recipe)!r} is not valid YAML: {error}") from error
        if not isinstance(values, dict):
            raise ValueError(f"recipe {str(recipe)!r} must be a YAML mapping of fields")
        return values

    def _check_field(self, name: str) -> None:
        if name not in self._types:
            similar = difflib.get_close_matches(name, self._types, n=1)
            hint = f"did you mean {similar[0]!r}?" if similar else f"fields: {', '.join(self._types)}"
            raise ValueError(f"recipe field {name!r} does not exist; {hint}")

    def _check_mapping(self, name: str, option: str) -> None:
        self._check_field(name)
        if option != name and get_origin(self._types[name]) is not dict:
            mappings = ", ".join(f"`{field}`" for field, hint in self._types.items() if get_origin(hint) is dict)
            raise ValueError(f"recipe field {option!r} does not exist: only {mappings or 'mappings'} have keys")

    def _typed_value(self, name: str, value: Any) -> Any:
        """Returns a value in the type of its field, for example an integer as a float; raises `ValueError`."""
        self._check_field(name)
        if self._types[name] is str and isinstance(value, bool):  # YAML 1.1 reads an unquoted `no` as false
            value = "yes" if value else "no"
        if isinstance(value, float) and self._types[name] in (int, int | None) and value.is_integer():
            value = int(value)
        return self._validated(lambda: self._parser.parse_object({name: value}, defaults=False))[name]

    def _validated(self, parse: Any) -> dict[str, Any]:
        """Runs a parser and returns the values it read; raises its errors as a `ValueError` of one line."""
        try:
            read: Namespace = parse()
        except ArgumentError as error:
            raise ValueError(self._message(error)) from None
        return read.as_dict()

    def _message(self, error: ArgumentError) -> str:
        text = " ".join(str(error).split())
        name = re.match(r'Parser key "(\w+)', text)
        value = re.search(r"(?:Got|Given) value: (.*)", text)
        if name is None or value is None:
            return f"recipe options: {text}"
        right = getattr(self._types[name[1]], "__name__", self._types[name[1]])
        return f"recipe field {name[1]!r} must be {right}, got {value[1]!r}"


def require(holds: bool, name: str, value: Any, right: str) -> None:
    """Raises `ValueError` for a field whose value is not right."""
    if not holds:
        raise ValueError(f"recipe field {name!r} must be {right}, got {value!r}")


def _with_underscores(argument: str) -> str:
    """Writes the name of an option with underscores: `--model.hidden-size=64` is `--model.hidden_size=64`."""
    if not argument.startswith("--"):
        return argument
    name, equals, value = argument[2:].partition("=")
    return f"--{name.replace('-', '_')}{equals}{value}"

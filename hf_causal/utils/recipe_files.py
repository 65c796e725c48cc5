"""YAML files whose fields are those of a dataclass, and options of a command line that override them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import yaml


@dataclass(frozen=True)
class RecipeKind:
    """One kind of recipe.

    Args:
        fields_of (`type`): The dataclass that its YAML files fill.
        folder (`str`): Where this package keeps those that ship with it.
        nested (`tuple[str, ...]`): Fields that are mappings; `FIELD.KEY` reaches into them.
    """

    fields_of: type
    folder: str
    nested: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """Names of the recipes that ship with the package."""
        shipped = (path.name for path in self._shipped().iterdir())
        return sorted(name.removesuffix(".yaml") for name in shipped if name.endswith(".yaml"))

    def load(self, recipe: str | Path, overrides: Mapping[str, Any] | None = None) -> Any:
        """Reads a recipe.

        Args:
            recipe (`str` or `Path`): Name of a shipped recipe, or path of a YAML file.
            overrides (mapping, *optional*): From field to value.

        Raises:
            `FileNotFoundError`: If there is no such recipe, with those that ship.
            `ValueError`: For an unknown field or a value that does not fit it.
        """
        path = Path(recipe)
        if path.suffix in (".yaml", ".yml"):
            if not path.is_file():
                raise FileNotFoundError(f"no recipe file {str(path)!r}")
            text = path.read_text(encoding="utf-8")
        elif str(recipe) in self.names():
            text = self._shipped().joinpath(f"{recipe}.yaml").read_text(encoding="utf-8")
        else:
            raise FileNotFoundError(f"no recipe {str(recipe)!r}; shipped recipes: {', '.join(self.names())}")
        try:
            values = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ValueError(f"recipe {str(recipe)!r} is not valid YAML: {error}") from error
        if not isinstance(values, dict):
            raise ValueError(f"recipe {str(recipe)!r} must be a YAML mapping of fields")
        values.setdefault("name", path.stem)
        return self.make(values, overrides)

    def make(self, values: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> Any:
        """A recipe from values and what overrides them; raises `ValueError` as [`load`] does."""
        values = dict(values)
        for key, value in (overrides or {}).items():
            head, _, rest = key.partition(".")
            if rest:
                if head not in self.nested:
                    inside = ", ".join(f"`{name}`" for name in self.nested) or "none"
                    raise ValueError(f"recipe field {key!r} does not exist: only {inside} has fields inside")
                values[head] = {**values.get(head, {}), rest: value}
            else:
                values[head] = value
        return self.fields_of(**{key: self._coerce(key, value) for key, value in values.items()})

    def parse_overrides(self, arguments: Iterable[str]) -> dict[str, Any]:
        """Reads `--learning-rate 1e-3 --model.hidden-size=64 …` into field values.

        Dashes and underscores are the same; values are read as YAML, so `null`, `true` and numbers mean what they say.

        Raises:
            `ValueError`: For an argument that is no option, or an option without a value.
        """
        overrides: dict[str, Any] = {}
        waiting: str | None = None
        for argument in arguments:
            if waiting is not None:
                overrides[waiting] = _scalar(argument)
                waiting = None
            elif argument.startswith("--"):
                name, separator, value = argument[2:].partition("=")
                field_name = name.replace("-", "_")
                self._check_field(field_name)
                if separator:
                    overrides[field_name] = _scalar(value)
                else:
                    waiting = field_name
            else:
                raise ValueError(f"unexpected argument {argument!r}; override a recipe field with --FIELD VALUE")
        if waiting is not None:
            raise ValueError(f"option --{waiting.replace('_', '-')} needs a value")
        return overrides

    def _shipped(self):
        return resources.files("hf_causal") / self.folder

    def _check_field(self, name: str) -> None:
        known = [field.name for field in fields(self.fields_of)]
        if name.partition(".")[0] not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; fields: {', '.join(known)}"
            raise ValueError(f"recipe field {name!r} does not exist{hint}")

    def _coerce(self, name: str, value: Any) -> Any:
        """Checks a value against its field's type; whole floats serve as integers and integers as floats."""
        self._check_field(name)
        kind = get_type_hints(self.fields_of)[name]
        options = get_args(kind) if type(None) in get_args(kind) else (kind,)
        if value is None and type(None) in options:
            return None
        wanted = next(option for option in options if option is not type(None))
        plain = get_origin(wanted) or wanted
        if plain is tuple and isinstance(value, list):
            value = tuple(value)
        if plain is str and isinstance(value, bool):  # YAML 1.1 reads a plain `no` as false
            value = "yes" if value else "no"
        if plain is float and isinstance(value, str):
            value = _scalar(value)
        if plain is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if plain is int and isinstance(value, float) and value.is_integer():
            return int(value)
        if not isinstance(value, plain) or (plain is int and isinstance(value, bool)):
            raise ValueError(f"recipe field {name!r} must be {plain.__name__}, got {value!r}")
        return value


def require(holds: bool, name: str, value: Any, right: str) -> None:
    """Raises `ValueError` for a field whose value is not right."""
    if not holds:
        raise ValueError(f"recipe field {name!r} must be {right}, got {value!r}")


def _scalar(text: str) -> Any:
    value = yaml.safe_load(text)
    if isinstance(value, str):  # YAML 1.1 reads 1e-3 as text
        try:
            return float(value)
        except ValueError:
            return value
    return value

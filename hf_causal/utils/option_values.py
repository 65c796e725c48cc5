"""Checks the values of options against the annotations of the function that takes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_NAMES = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", NoneType: "nothing"}


def check_values(function: Callable[..., Any], values: Mapping[str, Any]) -> None:
    """Raises `ValueError` for the first value that does not fit the annotation of its parameter.

    A parameter without an annotation takes values of the type of its default.

    Args:
        function (callable): The function, or a `partial` of it.
        values (mapping): From the names of parameters to values.

    Example:

    ```python
    >>> def config(rows: int = 10, nodes: tuple[int, ...] = (3, 4)): ...
    >>> check_values(config, {"rows": 5, "nodes": (7,)})
    >>> check_values(config, {"nodes": (3, "a")})
    Traceback (most recent call last):
    ValueError: `nodes` must be a list of whole numbers, got (3, 'a')

    ```
    """
    parameters = inspect.signature(function).parameters
    hints = _hints(function)
    for name, value in values.items():
        if name not in parameters:
            continue
        default = parameters[name].default
        hint = hints.get(name, Any if default in (None, inspect.Parameter.empty) else type(default))
        if not _fits(value, hint):
            raise ValueError(f"`{name}` must be {_describe(hint)}, got {value!r}")


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    while isinstance(function, partial):
        function = function.func
    try:
        return get_type_hints(function)
    except (NameError, TypeError):  # an annotation that is only imported for type checkers
        return {}


def _fits(value: Any, hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, argument) for argument in arguments)
    if origin is Literal:
        return value in arguments
    if origin in (tuple, list):
        return _items_fit(value, arguments)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return not isinstance(hint, type) or isinstance(value, hint)


def _items_fit(value: Any, arguments: tuple[Any, ...]) -> bool:
    if not isinstance(value, tuple | list):
        return False
    if len(arguments) == 1 or arguments[1:] == (Ellipsis,):
        return all(_fits(item, arguments[0]) for item in value)
    return len(value) == len(arguments) and all(map(_fits, value, arguments))


def _describe(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(_describe(argument) for argument in arguments)
    if origin is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if origin in (tuple, list) and (len(arguments) == 1 or arguments[1:] == (Ellipsis,)):
        return f"a list of {_describe(arguments[0]).removeprefix('a ')}s"
    if origin in (tuple, list):
        return f"a list of {len(arguments)} values: {', '.join(map(_describe, arguments))}"
    return _NAMES.get(hint, getattr(hint, "__name__", str(hint)))

"""The models that come with the package: their folders in a clone, and the small ones in a wheel."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent
# A clone has all of them as they are pushed to the Hub, a wheel those that `pyproject.toml` puts beside this file.
_SHELVES = (_HERE.parent / "model_cards", _HERE / "released")


def released_models() -> dict[str, Path]:
    """From the name of a released model to its folder, those that answer best first.

    Example:

    ```python
    >>> next(iter(released_models()))
    'axiom-looped'

    ```
    """
    found: dict[str, Path] = {}
    for shelf in _SHELVES:
        for config in sorted(shelf.glob("*/config.json")):
            if (config.parent / "model.safetensors").is_file():
                found.setdefault(config.parent.name, config.parent)
    return dict(sorted(found.items(), key=lambda item: ("looped" not in item[0], item[0])))

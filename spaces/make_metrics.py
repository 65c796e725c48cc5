"""Writes the metric Spaces from `metric_sources/` and `templates/`: `make spaces`.

The Hub needs each Space as a self-contained folder, so the written folders are committed; change the sources.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from pprint import pformat
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).resolve().parent
SOURCES, METRICS = HERE / "metric_sources", HERE / "metrics"
_CONVERTERS = {"string": "str", "int64": "int", "float32": "number_or_none", "float64": "float"}
"""How the page reads a cell; columns of `float32` may have empty cells."""


def render_metric(source: Path) -> dict[str, str]:
    """Returns the files of a metric's Space by name.

    Args:
        source (`Path`): Its YAML file in `metric_sources/`, named like the metric.
    """
    metric: dict[str, Any] = {"name": source.stem, **yaml.safe_load(source.read_text(encoding="utf-8"))}
    environment = Environment(loader=FileSystemLoader(HERE / "templates"), undefined=StrictUndefined)
    environment.filters |= {
        "feature": _feature,
        "converter": _CONVERTERS.__getitem__,
        "literal": lambda value: pformat(value, width=100, sort_dicts=False),
        "capitalize_words": lambda text: " ".join(word[0].upper() + word[1:] for word in text.split()),
        "escape_backslashes": lambda text: text.replace("\\", "\\\\"),
    }
    files = {}
    for template in environment.list_templates():
        name = template.removesuffix(".jinja").replace("metric.py", f"{source.stem}.py")
        text = environment.get_template(template).render(metric)
        files[name] = _format_code(text) if name.endswith(".py") else f"{text.rstrip()}\n"
    return files


def _feature(dtype: str) -> str:
    """Returns the feature of a column: `float64[]` is a list of numbers, `float64[][]` a list of lists."""
    if dtype.endswith("[]"):
        return f"datasets.List({_feature(dtype[:-2])})"
    return f'datasets.Value("{dtype}")'


def _format_code(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--config", str(HERE.parent / "pyproject.toml"), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    for source in sorted(SOURCES.glob("*.yaml")):
        for name, text in render_metric(source).items():
            path = METRICS / source.stem / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

"""The form of results that others published, to show next to a model's."""

from __future__ import annotations

from collections.abc import Mapping

Panel = tuple[str, float | None]
"""Split, and branching factor or `None`."""

Curves = Mapping[str, Mapping[Panel, Mapping[int, float]]]
"""From the name of a published model to its accuracies by panel and number of nodes."""

F1AndAccuracy = tuple[float, float | None]
"""The F1 of Yes, and the accuracy where it was found in print."""

"""Builder and card of the corpus of pictures and captions."""

from hf_causal.dataset_builders.shapes.shapes import Shapes, ShapesConfig

__all__ = ["Shapes", "ShapesConfig"]

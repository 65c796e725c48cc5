"""Builder and card of the corpus of pictures and captions."""

from dataset_builders.shapes.shapes import Shapes, ShapesConfig

__all__ = ["Shapes", "ShapesConfig"]

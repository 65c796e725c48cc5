"""Builder and card of the scenes corpus."""

from dataset_builders.scenes.scenes import Scenes, ScenesConfig

__all__ = ["Scenes", "ScenesConfig"]

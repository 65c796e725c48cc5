"""Builder and card of the data set of environments."""

from dataset_builders.environments.environments import Environments, EnvironmentsConfig

__all__ = ["Environments", "EnvironmentsConfig"]

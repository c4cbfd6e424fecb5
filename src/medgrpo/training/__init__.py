"""Training of the embedded specialist; needs the extra `train`."""

from medgrpo.training.perception import Order, train_perception
from medgrpo.training.recipe import PerceptionRecipe, read_recipe

__all__ = ["Order", "PerceptionRecipe", "read_recipe", "train_perception"]

"""The recipe of the runs that tests interrupt or damage."""

from small import TINY

from hf_causal.training.recipe import load_recipe

SMALL = {**TINY, "max_steps": 8, "mixed_precision": "no", "model.hidden_dropout": 0.1}
RECIPE = load_recipe("axiom-cpu", SMALL)

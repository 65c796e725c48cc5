"""Training with Accelerate: recipes, packed batches, the loop and its checkpoints.

`python -m hf_causal.training --recipe NAME --output-dir DIR` is what `accelerate launch -m hf_causal.training …` runs.
"""

"""Training with Accelerate: recipes, objectives, packed batches, the loop and its checkpoints.

`accelerate launch -m hf_causal.cli train NAME --output-dir DIR` trains in several processes.
"""

"""Questions about what changes to a system can affect.

Example:

```python
>>> builder = CausalLadder(config_name="relevance_generalization", rows_per_cell=2, nodes=(8,))
>>> next(iter(builder.as_streaming_dataset("feedback")))["question"].startswith("Can changing")
True

```
"""

from dataset_builders.base import make_builder

CausalLadder = make_builder("causal_ladder")

__all__ = ["CausalLadder"]

"""Questions about what appears together and what causes what.

Example:

```python
>>> builder = CausalLadder(config_name="causal_ladder", rows_per_cell=2, nodes=(5,))
>>> "often appear together" in next(iter(builder.as_streaming_dataset("test")))["premise"]
True

```
"""

from dataset_builders.base import make_builder

CausalLadder = make_builder("causal_ladder")

__all__ = ["CausalLadder"]

"""Sequences with a latent causal graph.

Example:

```python
>>> builder = CausalSequences(config_name="chain", length=5, states=3, rows=10)
>>> next(iter(builder.as_streaming_dataset("train")))["parents"]
[[], [0], [1], [2], [], [4]]

```
"""

from dataset_builders.base import make_builder

CausalSequences = make_builder("causal_sequences")

__all__ = ["CausalSequences"]

"""From correlation to causation.

Example:

```python
>>> builder = Corr2Cause(config_name="default", nodes=(3,))
>>> next(iter(builder.as_streaming_dataset("train")))["premise"][:47]
'Suppose there is a closed system of 3 variables'

```
"""

from dataset_builders.base import make_builder

Corr2Cause = make_builder("corr2cause")

__all__ = ["Corr2Cause"]

"""Questions about what appears together and what causes what.

Example:

```python
>>> builder = CoOccurrence(config_name="co_occurrence", rows_per_cell=2, nodes=(5,))
>>> "often appear together" in next(iter(builder.as_streaming_dataset("test")))["premise"]
True

```
"""

from dataset_builders.base import make_builder

CoOccurrence = make_builder("co_occurrence")

__all__ = ["CoOccurrence"]

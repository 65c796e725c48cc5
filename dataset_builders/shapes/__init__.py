"""Pictures and captions that differ in one thing.

Example:

```python
>>> builder = Shapes(config_name="minimal_changes", rows=8)
>>> next(iter(builder.as_streaming_dataset("train")))["image_0"].size
(32, 32)

```
"""

from dataset_builders.base import make_builder

Shapes = make_builder("shapes")

__all__ = ["Shapes"]

"""Images as lists of objects, and the exact effects in the systems that drew them.

Example:

```python
>>> row = next(iter(Scenes(config_name="default", rows=10).as_streaming_dataset("train")))
>>> sorted(row), isinstance(row["objects"], list)
(['image_id', 'objects', 'scene'], True)

```
"""

from dataset_builders.base import make_builder

Scenes = make_builder("scenes")

__all__ = ["Scenes"]

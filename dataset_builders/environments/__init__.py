"""Measurements and questions from several environments.

Example:

```python
>>> builder = Environments(config_name="matrix_sensing", rows=40, validation_rows=10, dimension=4)
>>> len(next(iter(builder.as_streaming_dataset("train")))["measurement"])
10

```
"""

from dataset_builders.base import make_builder

Environments = make_builder("environments")

__all__ = ["Environments"]

"""The axiomatic corpora: transitivity and d-separation.

Example:

```python
>>> builder = Axiomatic(config_name="transitivity_ts2", rows=400, validation_rows=400)
>>> next(iter(builder.as_streaming_dataset("train")))["completion"] in ("Yes", "No")
True

```
"""

from dataset_builders.base import make_builder

Axiomatic = make_builder("axiomatic")

__all__ = ["Axiomatic"]

"""Configuration of the matrix sensing model."""

# No `from __future__ import annotations` here: the strict dataclass checks values against the annotations themselves.

from huggingface_hub.dataclasses import strict
from transformers.configuration_utils import PreTrainedConfig


@strict
class MatrixSensingConfig(PreTrainedConfig):
    r"""
    Configuration of a [`MatrixSensingModel`]: a symmetric positive semidefinite matrix as `U U^T`, from a small start.

    Args:
        dimension (`int`, defaults to 20):
            `d`: the estimate is a (d, d) matrix.
        factors (`int`, *optional*):
            Columns of `U`, at most `dimension`. As many as `dimension` when not given, which limits the rank of the
            estimate in no way (over-parameterisation); the rank of the invariant matrix is the least that can fit it.
        initial_scale (`float`, defaults to 0.001):
            `U` begins as this times a random matrix with orthonormal columns.

    Raises:
        `StrictDataclassError` of huggingface_hub: For a value of the wrong type or out of range.

    Example:

    ```python
    >>> MatrixSensingConfig(dimension=8).factors
    8

    ```
    """

    model_type = "matrix_sensing"

    dimension: int = 20
    factors: int | None = None
    initial_scale: float | int = 0.001

    def __post_init__(self, **kwargs):
        if self.factors is None:
            self.factors = self.dimension
        if getattr(self, "auto_map", None) is None and "auto_map" not in kwargs:
            kwargs["auto_map"] = {
                "AutoConfig": "configuration_matrix_sensing.MatrixSensingConfig",
                "AutoModel": "modeling_matrix_sensing.MatrixSensingModel",
            }
        super().__post_init__(**kwargs)

    def validate_architecture(self) -> None:
        """Called by the strict dataclass after every construction and load."""
        if self.dimension < 1:
            raise ValueError(f"`dimension` must be at least 1, got {self.dimension}")
        if self.factors is None or not 1 <= self.factors <= self.dimension:
            raise ValueError(f"`factors` must lie in 1 ... `dimension` {self.dimension}, got {self.factors}")
        if self.initial_scale <= 0:
            raise ValueError(f"`initial_scale` must be positive, got {self.initial_scale}: zero is a stationary point")


__all__ = ["MatrixSensingConfig"]

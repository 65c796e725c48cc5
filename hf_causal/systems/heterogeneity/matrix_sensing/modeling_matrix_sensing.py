"""The matrix sensing model: responses `<X, U U^T>` to symmetric matrices `X`, as in arXiv 2403.01420."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from transformers import initialization as init
from transformers.modeling_outputs import ModelOutput
from transformers.modeling_utils import PreTrainedModel

from .configuration_matrix_sensing import MatrixSensingConfig


@dataclass
class MatrixSensingOutput(ModelOutput):
    """What the model says of measurements.

    Args:
        loss (`torch.FloatTensor` of shape (), *optional*):
            A quarter of the mean squared error, when `labels` are given. Its gradient in `U` is the mean of `(<X, U
            U^T> - y) X U`, so that a step of gradient descent with rate `eta` multiplies a small component along an
            eigenvector of what is measured by `1 + eta * eigenvalue`.
        responses (`torch.FloatTensor` of shape (batch,)):
            `<X, U U^T>` for each measurement.
    """

    loss: torch.FloatTensor | None = None
    responses: torch.FloatTensor | None = None


class MatrixSensingModel(PreTrainedModel):
    """Linear measurements of a positive semidefinite matrix `U U^T` that is learned.

    Example:

    ```python
    >>> model = MatrixSensingModel(MatrixSensingConfig(dimension=3))
    >>> model(torch.ones(5, 6)).responses.shape
    torch.Size([5])

    ```
    """

    config_class = MatrixSensingConfig
    main_input_name = "measurements"

    def __init__(self, config: MatrixSensingConfig):
        super().__init__(config)
        self.factor = nn.Parameter(torch.empty(config.dimension, config.factors or config.dimension))
        """`U`."""
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        # `transformers.initialization` leaves tensors alone that a checkpoint has filled already.
        if module is self:
            init.orthogonal_(self.factor, gain=self.config.initial_scale)

    def estimate(self) -> torch.Tensor:
        """`U U^T`, of shape (d, d)."""
        return self.factor @ self.factor.mT

    def forward(
        self, measurements: torch.Tensor, labels: torch.Tensor | None = None, return_dict: bool | None = None
    ) -> MatrixSensingOutput | tuple[torch.Tensor, ...]:
        """Responses to measurements.

        Args:
            measurements (`torch.Tensor`): Upper triangles of symmetric matrices, row by row: (batch, d (d + 1) / 2).
            labels (`torch.Tensor`, *optional*): Measured responses, of shape (batch,).
            return_dict (`bool`, *optional*): A plain tuple when `False`.

        Raises:
            `ValueError`: If the measurements are not triangles of (d, d) matrices.
        """
        size = self.config.dimension
        rows, columns = torch.triu_indices(size, size, device=self.factor.device)
        if measurements.ndim != 2 or measurements.shape[1] != len(rows):
            raise ValueError(
                f"`measurements` must be (batch, {len(rows)}), the upper triangles of ({size}, {size}) matrices; got "
                f"{tuple(measurements.shape)}"
            )
        # What stands off the diagonal stands in the matrix twice.
        weights = 2.0 - (rows == columns).to(self.factor.dtype)
        responses = measurements @ (weights * self.estimate()[rows, columns])
        loss = None if labels is None else (responses - labels).square().mean() / 4
        output = MatrixSensingOutput(loss=loss, responses=responses)
        return output.to_tuple() if return_dict is False else output


__all__ = ["MatrixSensingModel", "MatrixSensingOutput"]

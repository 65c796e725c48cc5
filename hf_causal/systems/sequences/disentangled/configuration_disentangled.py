"""Configuration of the disentangled transformer."""

# No `from __future__ import annotations` here: the strict dataclass checks values against the annotations themselves.

from huggingface_hub.dataclasses import strict
from transformers.configuration_utils import PreTrainedConfig


@strict
class DisentangledConfig(PreTrainedConfig):
    r"""
    Configuration of a [`DisentangledModel`], the transformer whose training arXiv 2402.14735 analyses.

    Args:
        vocab_size (`int`, defaults to 10):
            Number of different tokens, the states of the sequences.
        max_position_embeddings (`int`, defaults to 20):
            Longest sequence; each position is one coordinate of the stream.
        num_heads (`list[int]`, defaults to `[1, 1]`):
            Attention heads of each layer. The width of the stream grows by the factor `1 + heads` in each.
        mlp_size (`int` or `list[int]`, *optional*):
            Units of a ReLU layer after each attention layer, whose outputs are also appended to the stream. A list has
            one number for each layer, 0 for none. None by default, as in the analysis.
        initializer_range (`float`, defaults to 0.0):
            Standard deviation of the initial attention matrices: all zero in the paper with one parent, 1e-4 with
            several, so that the heads can differ. Output weights begin at zero.

    Raises:
        `StrictDataclassError` of huggingface_hub: For a value of the wrong type or out of range.

    Example:

    ```python
    >>> DisentangledConfig(vocab_size=3, max_position_embeddings=8, num_heads=[2, 1]).widths
    [11, 33, 66]

    ```
    """

    model_type = "disentangled"

    vocab_size: int = 10
    max_position_embeddings: int = 20
    num_heads: list[int] | tuple[int, ...] = (1, 1)
    mlp_size: int | list[int] | tuple[int, ...] | None = None
    initializer_range: float | int = 0.0
    tie_word_embeddings: bool = False

    def __post_init__(self, **kwargs):
        self.num_heads = list(self.num_heads)
        # The Hub serves these files as remote code; naming every class makes each Auto class work from the same
        # folder.
        if getattr(self, "auto_map", None) is None and "auto_map" not in kwargs:
            kwargs["auto_map"] = {
                "AutoConfig": "configuration_disentangled.DisentangledConfig",
                "AutoModel": "modeling_disentangled.DisentangledModel",
            }
        super().__post_init__(**kwargs)

    def validate_architecture(self) -> None:
        """Checks the fields; the strict dataclass calls it after every construction and load."""
        for name, least in (("vocab_size", 2), ("max_position_embeddings", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"`{name}` must be at least {least}, got {getattr(self, name)}")
        if not self.num_heads or min(self.num_heads) < 1:
            raise ValueError(f"`num_heads` must have at least 1 head for each layer, got {self.num_heads}")
        if len(self.mlp_sizes) != len(self.num_heads):
            raise ValueError(
                f"`mlp_size` must have one number for each of {len(self.num_heads)} layers, got {self.mlp_size}"
            )
        if min(self.mlp_sizes) < 0 or self.mlp_size == 0:
            raise ValueError(f"`mlp_size` must be at least 1 (0 in a list), or null, got {self.mlp_size}")
        if self.initializer_range < 0:
            raise ValueError(f"`initializer_range` must not be negative, got {self.initializer_range}")

    @property
    def mlp_sizes(self) -> list[int]:
        """Units of the ReLU layer after each attention layer, 0 for none."""
        if isinstance(self.mlp_size, (list, tuple)):
            return list(self.mlp_size)
        return [self.mlp_size or 0] * len(self.num_heads)

    @property
    def widths(self) -> list[int]:
        """Width of the stream before each layer and after the last one."""
        widths = [self.vocab_size + self.max_position_embeddings]
        for heads, units in zip(self.num_heads, self.mlp_sizes, strict=True):
            widths.append(widths[-1] * (1 + heads) + units)
        return widths


__all__ = ["DisentangledConfig"]

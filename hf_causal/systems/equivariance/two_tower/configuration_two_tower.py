"""Configuration of the two towers."""

# No `from __future__ import annotations` here: the strict dataclass checks values against the annotations themselves.

from huggingface_hub.dataclasses import strict
from transformers.configuration_utils import PreTrainedConfig


@strict
class TwoTowerConfig(PreTrainedConfig):
    r"""
    Configuration of a [`TwoTowerModel`]: a convolutional tower for small pictures and a transformer for captions,
    whose vectors are compared by cosine, as in CLIP (arXiv 2103.00020).

    Args:
        vocab_size (`int`, defaults to 26):
            Number of token ids; the default is the vocabulary of the `shapes` corpus.
        hidden_size (`int`, defaults to 64):
            Width of the vectors that are compared, and of the caption tower.
        channels (`list[int]`, *optional*):
            Channels after each convolution, each of which halves the picture; 32, 64 and 64 when not given.
        image_size (`int`, defaults to 32):
            Pixels of a side; must be divisible by 2 for each convolution.
        num_text_layers (`int`, defaults to 2):
            Blocks of the caption tower.
        num_attention_heads (`int`, defaults to 4):
            Their heads; must divide `hidden_size`.
        max_position_embeddings (`int`, defaults to 16):
            Longest caption in tokens.
        logit_scale_init_value (`float`, defaults to 2.6592):
            Logarithm of the first scale of the similarities, the inverse of a temperature; the default is that of
            CLIP, a temperature of 0.07.
        max_logit_scale (`float`, defaults to 4.6052):
            Logarithm of the largest scale; the default is that of CLIP, 100.
        initializer_range (`float`, defaults to 0.02):
            Standard deviation of the first word and position vectors.

    Raises:
        `StrictDataclassError` of huggingface_hub: For a value of the wrong type, heads that do not divide the width,
        or a picture that cannot be halved as often.

    Example:

    ```python
    >>> TwoTowerConfig(channels=[8, 16]).grid_size
    8

    ```
    """

    model_type = "two_tower"

    vocab_size: int = 26
    hidden_size: int = 64
    channels: list[int] | None = None
    image_size: int = 32
    num_text_layers: int = 2
    num_attention_heads: int = 4
    max_position_embeddings: int = 16
    logit_scale_init_value: float | int = 2.6592
    max_logit_scale: float | int = 4.6052
    initializer_range: float | int = 0.02
    pad_token_id: int | None = 0

    def __post_init__(self, **kwargs):
        if self.channels is None:
            self.channels = [32, 64, 64]
        if getattr(self, "auto_map", None) is None and "auto_map" not in kwargs:
            kwargs["auto_map"] = {
                "AutoConfig": "configuration_two_tower.TwoTowerConfig",
                "AutoModel": "modeling_two_tower.TwoTowerModel",
            }
        super().__post_init__(**kwargs)

    def validate_architecture(self) -> None:
        """Called by the strict dataclass after every construction and load."""
        if self.num_attention_heads < 1 or self.hidden_size % self.num_attention_heads:
            raise ValueError(
                f"`num_attention_heads` must divide `hidden_size`, got {self.num_attention_heads} heads "
                f"and width {self.hidden_size}"
            )
        if not self.channels or min(self.channels) < 1:
            raise ValueError(f"`channels` must be one positive number or more, got {self.channels}")
        if self.image_size < 1 or self.image_size % 2 ** len(self.channels):
            raise ValueError(
                f"`image_size` must be divisible by {2 ** len(self.channels)}, once by 2 for each of `channels` "
                f"{self.channels}, got {self.image_size}"
            )

    @property
    def grid_size(self) -> int:
        """Places of a side after the convolutions."""
        return self.image_size // 2 ** len(self.channels or ())


__all__ = ["TwoTowerConfig"]

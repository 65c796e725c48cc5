"""Configuration of the axiom decoder."""

# No `from __future__ import annotations` here: the strict dataclass checks values against the annotations themselves.

from huggingface_hub.dataclasses import strict
from transformers.configuration_utils import PreTrainedConfig

POSITION_ENCODINGS = ("none", "learned", "sinusoidal", "rope")


@strict
class AxiomConfig(PreTrainedConfig):
    r"""
    Configuration of an [`AxiomModel`]: a GPT-2 style decoder with a choice of position encoding, none by default.

    The defaults are the architecture of arXiv 2407.07612: 12 layers, 8 heads, 512 dimensions. That paper's "67M"
    counts a 25.7M GPT-2 embedding table which its code never uses and, for learned positions, 7,000 position vectors;
    the parameters in use without positions are 37.9M, and those are what this model has.

    Args:
        vocab_size (`int`, defaults to 73):
            Number of token ids; the default is the closed vocabulary of [`AxiomTokenizer`].
        hidden_size (`int`, defaults to 512):
            Width of the residual stream.
        intermediate_size (`int`, *optional*):
            Width of the feed-forward layers; four times `hidden_size` when not given.
        num_hidden_layers (`int`, defaults to 12):
            Number of blocks.
        num_attention_heads (`int`, defaults to 8):
            Attention heads of each block; must divide `hidden_size`.
        position_encoding (`str`, defaults to `"none"`):
            `"none"` (NoPE: order is known through the causal mask alone), `"learned"`, `"sinusoidal"` or `"rope"`.
        max_position_embeddings (`int`, defaults to 2048):
            Size of the learned position table. The other encodings have no limit of their own.
        rope_theta (`float`, defaults to 10000.0):
            Base of the rotary frequencies.
        hidden_act (`str`, defaults to `"gelu_pytorch_tanh"`):
            Activation of the feed-forward layers; the default is the function of GPT-2 (`gelu_new`) as one fused
            operation.
        layer_norm_eps (`float`, defaults to 1e-5):
            Epsilon of the layer norms.
        initializer_range (`float`, defaults to 0.02):
            Standard deviation of the initial weights; projections into the residual stream are scaled down by `sqrt(2
            * num_hidden_layers)` as in GPT-2.
        attention_dropout, hidden_dropout (`float`, default to 0.0):
            Dropout on attention weights and on what is added to the residual stream.
        tie_word_embeddings (`bool`, defaults to `False`):
            Whether the output head shares the input embedding.
        unk_token_id (`int`, *optional*, defaults to 3):
            Id for anything outside the vocabulary. Nothing is generated for a prompt that contains it.

    Raises:
        `StrictDataclassError` of huggingface_hub: For a value of the wrong type, an unknown position encoding, or
        heads that do not divide the width.

    Example:

    ```python
    >>> AxiomConfig(num_hidden_layers=2, hidden_size=64, num_attention_heads=4).head_dim
    16

    ```
    """

    model_type = "axiom"
    keys_to_ignore_at_inference = ["past_key_values"]

    vocab_size: int = 73
    hidden_size: int = 512
    intermediate_size: int | None = None
    num_hidden_layers: int = 12
    num_attention_heads: int = 8
    position_encoding: str = "none"
    max_position_embeddings: int = 2048
    rope_theta: float | int = 10000.0
    hidden_act: str = "gelu_pytorch_tanh"
    layer_norm_eps: float | int = 1e-5
    initializer_range: float | int = 0.02
    attention_dropout: float | int = 0.0
    hidden_dropout: float | int = 0.0
    use_cache: bool = True
    tie_word_embeddings: bool = False
    pad_token_id: int | None = 0
    bos_token_id: int | None = 1
    eos_token_id: int | list[int] | None = 2
    unk_token_id: int | None = 3

    def __post_init__(self, **kwargs):
        if self.intermediate_size is None:
            self.intermediate_size = 4 * self.hidden_size
        # The Hub serves these files as remote code; naming every class makes each Auto class work from the same
        # folder.
        if getattr(self, "auto_map", None) is None and "auto_map" not in kwargs:
            kwargs["auto_map"] = {
                "AutoConfig": "configuration_axiom.AxiomConfig",
                "AutoModel": "modeling_axiom.AxiomModel",
                "AutoModelForCausalLM": "modeling_axiom.AxiomForCausalLM",
            }
        super().__post_init__(**kwargs)

    def validate_architecture(self) -> None:
        """Called by the strict dataclass after every construction and load."""
        if self.position_encoding not in POSITION_ENCODINGS:
            raise ValueError(
                f"`position_encoding` must be one of {POSITION_ENCODINGS}, got {self.position_encoding!r}"
            )
        if self.num_attention_heads < 1 or self.hidden_size % self.num_attention_heads:
            raise ValueError(
                f"`num_attention_heads` must divide `hidden_size`, got {self.num_attention_heads} heads "
                f"and width {self.hidden_size}"
            )
        if self.position_encoding == "rope" and self.head_dim % 2:
            raise ValueError(f"`position_encoding` 'rope' needs an even head width, got {self.head_dim}")

    @property
    def head_dim(self) -> int:
        """Width of one attention head."""
        return self.hidden_size // self.num_attention_heads


__all__ = ["AxiomConfig"]

"""Configuration of the recurrent transformer."""

# No `from __future__ import annotations` here: the strict dataclass checks values against the annotations themselves.

from huggingface_hub.dataclasses import strict
from transformers.configuration_utils import PreTrainedConfig

ATTENTION_FUNCTIONS = ("sigmoid", "softmax")


@strict
class AxiomRecurrentConfig(PreTrainedConfig):
    r"""
    Configuration of an [`AxiomRecurrentModel`]: a transformer that sees the tokens of a prompt in both directions, has
    no positions, and applies the same blocks again and again until its states no longer change.

    Args:
        vocab_size (`int`, defaults to 73):
            Number of token ids; the default is the closed vocabulary of [`AxiomTokenizer`].
        hidden_size (`int`, defaults to 96):
            Width of the states.
        num_attention_heads (`int`, defaults to 3):
            Heads of each block.
        intermediate_size (`int`, defaults to 192):
            Width of the gated feed-forward layers.
        num_prelude_layers (`int`, defaults to 2):
            Blocks that run once, before the loops.
        num_loop_layers (`int`, defaults to 1):
            Blocks that make up a loop. Every loop has the same weights.
        conv_kernel_size (`int`, defaults to 4):
            Each block begins with a convolution over the tokens, in which a token sees this many tokens in each
            direction, itself included: the only order that the model knows. 0 for none. The first block mixes the
            features of these tokens, the others weight each feature by itself.
        directional_heads (`int`, defaults to 0):
            In this many heads of every block a token attends only to the tokens before it, and in as many others only
            to those after it: another way to know an order.
        attention_function (`str`, defaults to `"sigmoid"`):
            `"sigmoid"` weights every key by itself, so that further tokens take no weight away (Ramapuram et al.,
            2024), or `"softmax"`, with a learned sink that takes the weight where nothing matches.
        sharp_matching (`bool`, defaults to `True`):
            Whether queries and keys are normalized and their product is scaled by a learned factor, with `"softmax"`
            times the logarithm of the prompt's length.
        matched_keys (`bool`, defaults to `True`):
            Whether the projection of keys begins equal to that of queries, so that equal tokens match from the start.
        initial_scale, initial_sink (`float`, default to 10.0 and 0.5):
            Factor on the similarity of a query and a key, and the similarity from which a key counts, both learned
            from these values.
        max_scale (`float`, defaults to 100.0):
            Largest factor that training may reach.
        input_injection (`bool`, defaults to `True`):
            Whether every loop begins by adding the result of the prelude.
        outer_norm (`bool`, defaults to `True`):
            Whether every loop ends with a norm.
        state_noise (`float`, defaults to 0.0):
            Standard deviation of the noise on the states after every loop, in training.
        training_loops (`list[int]`, defaults to `[4, 9]`):
            In training, the number of loops is drawn between these two for each batch.
        loops_per_token (`float`, defaults to 0.25):
            Most loops of an answer for each token of its prompt, about two for each statement, but at least twice as
            many as in training. A prompt stops earlier when its states no longer change.
        max_loops (`int`, defaults to 128):
            Most loops of any answer.
        halting_tolerance (`float`, defaults to 0.2):
            States no longer change when the norm of each token's change is below this share of its state's norm.
        reference_length (`int`, defaults to 48):
            Length of a prompt at which the logarithm of its length scales attention by 1.
        initializer_range (`float`, defaults to 1.0):
            Standard deviation of the initial embeddings.
        layer_norm_eps (`float`, defaults to 1e-6):
            Epsilon of the norms.
        question_token_id (`int`, defaults to 72):
            Id of the question mark, which a prompt has to end with.
        unk_token_id (`int`, *optional*, defaults to 3):
            Id for anything outside the vocabulary. A prompt that contains it is refused.

    Raises:
        `StrictDataclassError` of huggingface_hub: For a value of the wrong type or outside its range.

    Example:

    ```python
    >>> AxiomRecurrentConfig().id2label
    {0: 'No', 1: 'Yes'}

    ```
    """

    model_type = "axiom_recurrent"
    # Trainers collect the other outputs, which are the logits: these have another shape in every batch.
    keys_to_ignore_at_inference = ["last_hidden_state", "num_loops", "loop_logits", "mention_logits"]

    vocab_size: int = 73
    hidden_size: int = 96
    num_attention_heads: int = 3
    intermediate_size: int = 192
    num_prelude_layers: int = 2
    num_loop_layers: int = 1
    conv_kernel_size: int = 4
    directional_heads: int = 0
    attention_function: str = "sigmoid"
    sharp_matching: bool = True
    matched_keys: bool = True
    initial_scale: float | int = 10.0
    initial_sink: float | int = 0.5
    max_scale: float | int = 100.0
    input_injection: bool = True
    outer_norm: bool = True
    state_noise: float | int = 0.0
    training_loops: list[int] | None = None
    loops_per_token: float | int = 0.25
    max_loops: int = 128
    halting_tolerance: float | int = 0.2
    reference_length: int = 48
    initializer_range: float | int = 1.0
    layer_norm_eps: float = 1e-6
    question_token_id: int = 72
    pad_token_id: int | None = 0
    bos_token_id: int | None = 1
    eos_token_id: int | list[int] | None = 2
    unk_token_id: int | None = 3

    def __post_init__(self, **kwargs):
        if self.training_loops is None:
            self.training_loops = [4, 9]
        if kwargs.get("id2label") is None and kwargs.get("num_labels") is None:
            kwargs["id2label"] = {0: "No", 1: "Yes"}
            kwargs["label2id"] = {"No": 0, "Yes": 1}
        # The Hub serves these files as remote code; naming every class makes each Auto class work from the same
        # folder.
        if getattr(self, "auto_map", None) is None and "auto_map" not in kwargs:
            modeling = "modeling_axiom_recurrent.AxiomRecurrent"
            kwargs["auto_map"] = {
                "AutoConfig": "configuration_axiom_recurrent.AxiomRecurrentConfig",
                "AutoModel": f"{modeling}Model",
                "AutoModelForSequenceClassification": f"{modeling}ForSequenceClassification",
            }
        super().__post_init__(**kwargs)

    def validate_architecture(self) -> None:
        """Called by the strict dataclass after every construction and load."""
        if self.attention_function not in ATTENTION_FUNCTIONS:
            raise ValueError(
                f"`attention_function` must be one of {ATTENTION_FUNCTIONS}, got {self.attention_function!r}"
            )
        for name in ("hidden_size", "num_attention_heads", "intermediate_size", "num_loop_layers", "max_loops"):
            if getattr(self, name) < 1:
                raise ValueError(f"`{name}` must be at least 1, got {getattr(self, name)}")
        for name in ("num_prelude_layers", "conv_kernel_size", "directional_heads", "state_noise",
                     "loops_per_token"):  # fmt: skip
            if getattr(self, name) < 0:
                raise ValueError(f"`{name}` must not be negative, got {getattr(self, name)}")
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(
                f"`hidden_size` must be a multiple of `num_attention_heads` {self.num_attention_heads}, "
                f"got {self.hidden_size}"
            )
        if 2 * self.directional_heads > self.num_attention_heads:
            raise ValueError(
                f"`directional_heads` must be at most half of `num_attention_heads` {self.num_attention_heads}, "
                f"got {self.directional_heads}"
            )
        if not 0 < self.initial_scale <= self.max_scale:
            raise ValueError(
                f"`initial_scale` must be positive and at most `max_scale` {self.max_scale}, got {self.initial_scale}"
            )
        if self.reference_length < 2:
            raise ValueError(f"`reference_length` must be at least 2, got {self.reference_length}")
        loops = self.training_loops or []
        if len(loops) != 2 or not 1 <= loops[0] <= loops[1]:
            raise ValueError(f"`training_loops` must be two numbers, the smaller first, got {loops}")


__all__ = ["AxiomRecurrentConfig"]

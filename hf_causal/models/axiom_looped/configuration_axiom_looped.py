"""Configuration of the looped reasoner."""

# No `from __future__ import annotations` here: the strict dataclass checks values against the annotations themselves.

from huggingface_hub.dataclasses import strict
from transformers.configuration_utils import PreTrainedConfig

AGGREGATIONS = ("or", "softmax")
NAME_ENCODERS = ("characters", "random", "spelling")
SENTENCE_POSITIONS = ("none", "relative")
WORDS = {
    "transitivity": (),
    "d_separation": ("Are", "and", "d-separated", "given", "{", "}", ","),
    "corr2cause": (
        "Premise:",
        "Suppose there is a closed system of",
        "variables",
        ",",
        "and",
        "All the statistical relations among these",
        "variables are as follows:",
        "correlates with",
        "However,",
        "is independent of",
        "are independent given",
        "Hypothesis:",
        "directly causes",
        "causes something else which causes",
        "is a cause for",
        ", but not a direct one",
        "There exists at least one collider (i.e., common effect) of",
        "There exists at least one confounder (i.e., common cause) of",
        "directly affects",
        "influences",
        "through some mediator(s)",
        "together cause some other variable(s)",
        "Some variable(s) cause(s) both",
    ),
    "relevance": ("Can", "changing", "affect", "or", "and", "if", "is", "are", "held", "fixed", ","),
    "adjustment": (
        "Is",
        "{",
        "}",
        ",",
        "a valid adjustment set for the effect of",
        "on",
        "and",
        "share a hidden cause",
    ),
}
"""Words and set phrases of each task in addition to those of transitivity; the Hub ships this file, so that they stand
here and not in the registry of tasks alone."""
QUESTION_TASKS = ("transitivity", "d_separation", "relevance", "adjustment")
"""What a question about stated causes may ask about."""


@strict
class AxiomLoopedConfig(PreTrainedConfig):
    r"""
    Configuration of an [`AxiomLoopedModel`]: sentences exchange flags through one tied block until nothing changes.

    Args:
        grammars (`list[str]`, defaults to `["transitivity"]`):
            Tasks whose prompts the model reads, among `"transitivity"`, `"d_separation"`, `"corr2cause"`,
            `"relevance"` and `"adjustment"`.
        words (`dict[str, int]`, *optional*):
            Token ids of the words and phrases that these tasks have in addition to those of transitivity.
        vocab_size (`int`, defaults to 73):
            Number of token ids; the default is the closed vocabulary of [`AxiomTokenizer`].
        name_size (`int`, defaults to 64):
            Width of a name vector; even, because characters are rotated in pairs of dimensions.
        num_attention_heads (`int`, defaults to 16):
            Heads of the block. Each head learns which names of two sentences have to be equal, and passes one flag
            between such sentences.
        intermediate_size (`int`, defaults to 64):
            Width of the layer that turns the aggregated flags of a sentence into its next flags.
        initial_scale, initial_threshold (`float`, default to 100.0 and 0.95):
            Two names are equal to the degree `sigmoid(scale * (cosine - threshold))`; both are learned from these
            values. Equal names have a cosine of 1, the most similar of a thousand random names one of about 0.9.
        max_scale (`float`, defaults to 200.0):
            Largest scale that training may reach.
        match_floor (`float`, defaults to 0.01):
            Weaker matches count as zero, so that many names that hardly resemble a name do not add up to a match.
        name_margin (`float`, defaults to 0.5):
            In training, different names are pushed apart until their cosine is below this.
        flag_noise (`float`, defaults to 1.0):
            Standard deviation of the noise on flag logits in training. Only flags near 0 and 1 survive it, so each
            loop restores them to full strength.
        monotone (`bool`, defaults to `True`):
            Whether flags and answers can follow from flags only, never from their absence. Beginning at none, flags
            then only ever rise, so that they converge, and one more statement never turns a Yes into a No.
        gate_gain (`float`, defaults to 4.0):
            Factor on gate logits: with a large one, gates are open or shut.
        training_loops (`list[int]`, defaults to `[8, 12]`):
            In training, the number of loops is drawn between these two for each batch.
        max_loops (`int`, defaults to 10240):
            Most loops of one answer. Below this cap, a prompt of n statements gets up to 2 (n + 2) loops and stops
            when its flags no longer change.
        max_sentences (`int`, defaults to 5000):
            Most statements of a prompt.
        num_blocks (`int`, defaults to 1):
            Blocks, each with its own weights, that make up one loop. For comparisons.
        separate_blocks (`bool`, defaults to `False`):
            Whether questions about d-separation loop through separate blocks, which then share only the name encoder
            with questions about causes. Questions about relevance and about adjustment always have their separate
            blocks.
        aggregation (`str`, defaults to `"or"`):
            How the flags of matching sentences are aggregated: `"or"` (their maximum) or `"softmax"` (their average
            with an attention sink). For comparisons.
        name_encoder (`str`, defaults to `"characters"`):
            How names are distinguished: `"characters"` learns a vector for each name from its characters, with which
            very similar long names can be confused. `"spelling"` compares names exactly, character by character, and
            has no weights. `"random"` is a fresh random vector for each name of a prompt, for comparisons.
        sentence_positions (`str`, defaults to `"none"`):
            `"none"` makes the order of sentences an exact symmetry; with `"relative"` each head can also match
            sentences by their distance. For comparisons.
        max_sentence_distance (`int`, defaults to 8):
            Distances beyond this share one relative bias.
        initializer_range (`float`, defaults to 1.0):
            Standard deviation of the initial gate logits of the heads.
        system_size (`int`, defaults to 32):
            Width of the state of a pair of variables, for closed systems (`corr2cause`).
        system_intermediate_size (`int`, defaults to 64):
            Width of the messages of triples of variables.
        system_loops (`int`, defaults to 6):
            Loops over a closed system.
        system_dropout (`float`, defaults to 0.0):
            Dropout on the updates of pairs, in training.
        causes_token_id, cause_token_id, does_token_id, stop_token_id, question_token_id (`int`):
            Ids of the words of transitivity. Ids that belong to no word are characters of names.
        unk_token_id (`int`, *optional*, defaults to 3):
            Id for anything outside the vocabulary. A prompt that contains it is refused.

    Raises:
        `StrictDataclassError` of huggingface_hub: For a value of the wrong type or outside its range.

    Example:

    ```python
    >>> AxiomLoopedConfig().id2label
    {0: 'No', 1: 'Yes'}

    ```
    """

    model_type = "axiom_looped"
    # Trainers collect the other outputs, which are the logits: these have another shape in every batch.
    keys_to_ignore_at_inference = [
        "question_logits",
        "sentence_logits",
        "last_hidden_state",
        "num_loops",
        "loop_states",
        "loop_logits",
        "question_mask",
        "separations",
        "self_questions",
        "ball_logits",
        "loop_ball_logits",
        "path_logits",
        "question_tasks",
        "system_logits",
        "block_cost",
        "readable",
        "name_overlap",
    ]

    vocab_size: int = 73
    grammars: list[str] | None = None
    words: dict[str, int] | None = None
    name_size: int = 64
    num_attention_heads: int = 16
    intermediate_size: int = 64
    initial_scale: float | int = 100.0
    initial_threshold: float | int = 0.95
    max_scale: float | int = 200.0
    match_floor: float | int = 0.01
    name_margin: float | int = 0.5
    flag_noise: float | int = 1.0
    monotone: bool = True
    gate_gain: float | int = 4.0
    training_loops: list[int] | None = None
    max_loops: int = 10240
    max_sentences: int = 5000
    num_blocks: int = 1
    separate_blocks: bool = False
    aggregation: str = "or"
    name_encoder: str = "characters"
    sentence_positions: str = "none"
    max_sentence_distance: int = 8
    initializer_range: float | int = 1.0
    system_size: int = 32
    system_intermediate_size: int = 64
    system_loops: int = 6
    system_dropout: float | int = 0.0
    causes_token_id: int = 66
    cause_token_id: int = 67
    does_token_id: int = 68
    yes_token_id: int = 69
    no_token_id: int = 70
    stop_token_id: int = 71
    question_token_id: int = 72
    pad_token_id: int | None = 0
    bos_token_id: int | None = 1
    eos_token_id: int | list[int] | None = 2
    unk_token_id: int | None = 3

    def __post_init__(self, **kwargs):
        if self.grammars is None:
            self.grammars = ["transitivity"]
        if self.words is None:
            self.words = {}
        if self.training_loops is None:
            self.training_loops = [8, 12]
        if kwargs.get("id2label") is None and kwargs.get("num_labels") is None:
            kwargs["id2label"] = {0: "No", 1: "Yes"}
            kwargs["label2id"] = {"No": 0, "Yes": 1}
        # The Hub serves these files as remote code; naming every class makes each Auto class work from the same
        # folder.
        if getattr(self, "auto_map", None) is None and "auto_map" not in kwargs:
            kwargs["auto_map"] = {
                "AutoConfig": "configuration_axiom_looped.AxiomLoopedConfig",
                "AutoModel": "modeling_axiom_looped.AxiomLoopedModel",
                "AutoModelForSequenceClassification": "modeling_axiom_looped.AxiomLoopedForSequenceClassification",
            }
        super().__post_init__(**kwargs)

    def validate_architecture(self) -> None:
        """Called by the strict dataclass after every construction and load."""
        choices = (
            ("aggregation", AGGREGATIONS),
            ("name_encoder", NAME_ENCODERS),
            ("sentence_positions", SENTENCE_POSITIONS),
        )
        for name, allowed in choices:
            if getattr(self, name) not in allowed:
                raise ValueError(f"`{name}` must be one of {allowed}, got {getattr(self, name)!r}")
        if self.name_size < 2 or self.name_size % 2:
            raise ValueError(f"`name_size` must be even and at least 2, got {self.name_size}")
        for name in ("num_attention_heads", "intermediate_size", "max_loops", "max_sentences", "num_blocks",
                     "system_size", "system_intermediate_size", "system_loops"):  # fmt: skip
            if getattr(self, name) < 1:
                raise ValueError(f"`{name}` must be at least 1, got {getattr(self, name)}")
        if not self.grammars or (strange := sorted(set(self.grammars) - set(WORDS))):
            raise ValueError(
                f"`grammars` must be among {tuple(WORDS)}, got {self.grammars if not self.grammars else strange}"
            )
        for grammar in self.grammars:
            if missing := [word for word in WORDS[grammar] if word not in self.word_ids]:
                raise ValueError(
                    f"`words` must give the token ids of all words of {grammar!r}, {missing[0]!r} is missing"
                )
        if self.separate_blocks and not self.reads("d_separation"):
            raise ValueError("`separate_blocks` must be false for a model that does not read 'd_separation'")
        if not 0 <= self.system_dropout < 1:
            raise ValueError(f"`system_dropout` must be at least 0 and below 1, got {self.system_dropout}")
        if not 0 <= self.match_floor < 0.5:
            raise ValueError(f"`match_floor` must be at least 0 and below 0.5, got {self.match_floor}")
        loops = self.training_loops or []
        if len(loops) != 2 or not 1 <= loops[0] <= loops[1]:
            raise ValueError(f"`training_loops` must be two numbers, the smaller first, got {loops}")

    def reads(self, grammar: str) -> bool:
        """Returns whether the model reads the prompts of a task."""
        return grammar in (self.grammars or ())

    @property
    def word_ids(self) -> dict[str, int]:
        """Token ids of the words and phrases in addition to those of transitivity."""
        return self.words or {}

    @property
    def all_word_ids(self) -> dict[str, int]:
        """Token ids of all words, which are never part of a name."""
        return {
            "causes": self.causes_token_id,
            "cause": self.cause_token_id,
            "Does": self.does_token_id,
            "Yes": self.yes_token_id,
            "No": self.no_token_id,
            ".": self.stop_token_id,
            "?": self.question_token_id,
            **self.word_ids,
        }

    @property
    def word_token_ids(self) -> tuple[int, ...]:
        """Token ids of all words."""
        return tuple(self.all_word_ids.values())


__all__ = ["WORDS", "AxiomLoopedConfig"]

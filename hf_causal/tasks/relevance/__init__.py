"""Relevance: can changing X affect Y if Z is held fixed?"""

from hf_causal.tasks.relevance.configs import CONFIGS
from hf_causal.tasks.relevance.difficulty import LEVELS, measure
from hf_causal.tasks.relevance.explanation import explain
from hf_causal.tasks.relevance.forms import FORMS
from hf_causal.tasks.relevance.proof import check, prove
from hf_causal.tasks.relevance.rows import SCHEMA, generate_shard
from hf_causal.tasks.relevance.shortcuts import SHORTCUTS
from hf_causal.tasks.relevance.text import WORDS, parse_prompt, recognizes
from hf_causal.tasks.relevance.wordings import COMPOSITION, WORDINGS
from hf_causal.tasks.shared.dataset import CAUSAL_LADDER
from hf_causal.tasks.task import Task

TASK = Task(
    name="relevance",
    title="Relevance",
    example="A causes B. B causes C. A causes D. D causes C. Can changing A affect C if B is held fixed?",
    recognizes=recognizes,
    parse=parse_prompt,
    further_reserved_words=WORDS,
    vocabulary=("Can", "changing", "affect", "or", "and", "if", "is", "are", "held", "fixed", ","),
    composition=COMPOSITION,
    wordings=WORDINGS,
    prove=prove,
    check=check,
    explain=explain,
    forms=FORMS,
    dataset=CAUSAL_LADDER,
    configs=CONFIGS,
    generate_shard=generate_shard,
    schema=SCHEMA,
    few_shot_config="relevance",
    few_shot_options={"rows": 2000},
    scored_configs={"relevance_generalization": "Relevance"},
    small_options={
        "relevance": {"rows": 400, "validation_rows": 400},
        "relevance_generalization": {"rows_per_cell": 6},
    },
    difficulty=("num_nodes", "num_edges", "hops", "num_held"),
    measure=measure,
    levels=LEVELS,
    shortcuts=SHORTCUTS,
)

"""Adjustment: is Z a valid adjustment set for the effect of X on Y in a stated graph?"""

from hf_causal.tasks.adjustment.difficulty import LEVELS, measure
from hf_causal.tasks.adjustment.explanation import explain
from hf_causal.tasks.adjustment.forms import FORMS
from hf_causal.tasks.adjustment.proof import check, prove
from hf_causal.tasks.adjustment.rows import CONFIGS, SCHEMA, generate_shard
from hf_causal.tasks.adjustment.shortcuts import SHORTCUTS
from hf_causal.tasks.adjustment.text import WORDS, parse_prompt, recognizes
from hf_causal.tasks.adjustment.wordings import COMPOSITION, WORDINGS
from hf_causal.tasks.shared.dataset import CAUSAL_LADDER
from hf_causal.tasks.task import Task

TASK = Task(
    name="adjustment",
    title="Adjustment sets",
    example="C causes A. C causes B. A causes B. Is {C} a valid adjustment set for the effect of A on B?",
    recognizes=recognizes,
    parse=parse_prompt,
    further_reserved_words=WORDS,
    vocabulary=(
        "Is",
        "{",
        "}",
        ",",
        "a valid adjustment set for the effect of",
        "on",
        "and",
        "share a hidden cause",
    ),
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
    few_shot_config="adjustment",
    few_shot_options={"rows": 2000},
    scored_configs={"adjustment_generalization": "Adjustment sets"},
    small_options={
        "adjustment": {"rows": 400, "validation_rows": 400},
        "adjustment_generalization": {"rows_per_cell": 6},
    },
    difficulty=("num_nodes", "num_edges", "num_hidden", "set_size", "hops"),
    measure=measure,
    levels=LEVELS,
    shortcuts=SHORTCUTS,
)

"""Identification: can the effect of X on Y be computed from observations, with hidden causes in the stated graph?"""

from hf_causal.tasks.identification.difficulty import LEVELS, measure
from hf_causal.tasks.identification.explanation import explain
from hf_causal.tasks.identification.forms import FORMS
from hf_causal.tasks.identification.proof import check, prove
from hf_causal.tasks.identification.rows import CONFIGS, SCHEMA, generate_shard
from hf_causal.tasks.identification.shortcuts import SHORTCUTS
from hf_causal.tasks.identification.text import WORDS, parse_prompt, recognizes
from hf_causal.tasks.identification.wordings import COMPOSITION, WORDINGS
from hf_causal.tasks.shared.dataset import CAUSAL_LADDER
from hf_causal.tasks.task import Task

TASK = Task(
    name="identification",
    title="Identification",
    example=(
        "A causes M. M causes B. A and B share a hidden cause. "
        "Can the effect of A on B be computed from observations alone?"
    ),
    recognizes=recognizes,
    parse=parse_prompt,
    further_reserved_words=WORDS,
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
    few_shot_config="identifiable",
    few_shot_options={"rows": 2000},
    scored_configs={"identifiable": "Identification"},
    small_options={"identifiable": {"rows": 400, "validation_rows": 400, "rows_per_cell": 2}},
    difficulty=("num_nodes", "num_edges", "num_hidden", "hops"),
    measure=measure,
    levels=LEVELS,
    shortcuts=SHORTCUTS,
)

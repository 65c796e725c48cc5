"""Transitivity: does a stated chain of causes lead from X to Y?"""

from hf_causal.tasks.shared.dataset import AXIOMATIC
from hf_causal.tasks.task import Task
from hf_causal.tasks.transitivity.difficulty import LEVELS, measure
from hf_causal.tasks.transitivity.explanation import explain
from hf_causal.tasks.transitivity.forms import FORMS
from hf_causal.tasks.transitivity.proof import check, prove
from hf_causal.tasks.transitivity.published import CURVES
from hf_causal.tasks.transitivity.rows import CONFIGS, generate_shard
from hf_causal.tasks.transitivity.shortcuts import SHORTCUTS
from hf_causal.tasks.transitivity.text import parse_prompt
from hf_causal.tasks.transitivity.wordings import COMPOSITION, WORDINGS

_SMALL = {"rows": 400, "validation_rows": 400}

TASK = Task(
    name="transitivity",
    title="Transitivity",
    example="A causes B. B causes C. Does A cause C?",
    recognizes=lambda text: True,
    fallback=True,
    parse=parse_prompt,
    composition=COMPOSITION,
    wordings=WORDINGS,
    prove=prove,
    check=check,
    explain=explain,
    forms=FORMS,
    dataset=AXIOMATIC,
    configs=CONFIGS,
    generate_shard=generate_shard,
    few_shot_config="transitivity_ts2",
    scored_configs={
        "transitivity_generalization": "Transitivity",
        "transitivity_further_generalization": "Transitivity: feedback and similar names",
    },
    small_options=dict.fromkeys(CONFIGS, {"rows": 400, "validation_rows": 400})
    | dict.fromkeys(("transitivity_generalization", "transitivity_further_generalization"), {"rows_per_cell": 2}),
    measure=measure,
    levels=LEVELS,
    shortcuts=SHORTCUTS,
    published_curves=CURVES,
    reference="arXiv 2407.07612, version 1, on that paper's own evaluation files of the same families",
)

"""d-separation: are X and Y separated in a stated graph, given Z?"""

from hf_causal.tasks.d_separation.difficulty import LEVELS, measure
from hf_causal.tasks.d_separation.explanation import explain
from hf_causal.tasks.d_separation.forms import FORMS
from hf_causal.tasks.d_separation.proof import check, prove
from hf_causal.tasks.d_separation.published import CURVES
from hf_causal.tasks.d_separation.rows import CONFIGS, generate_shard
from hf_causal.tasks.d_separation.shortcuts import SHORTCUTS
from hf_causal.tasks.d_separation.text import parse_prompt, recognizes
from hf_causal.tasks.d_separation.wordings import COMPOSITION, WORDINGS
from hf_causal.tasks.shared.dataset import AXIOMATIC
from hf_causal.tasks.task import Task

_SMALL = {"rows": 400, "validation_rows": 400}

TASK = Task(
    name="d_separation",
    title="d-separation",
    example="A causes B. C causes B. B causes D. Are A and C d-separated given {D}?",
    recognizes=recognizes,
    parse=parse_prompt,
    vocabulary=("Are", "and", "d-separated", "given", "{", "}", ","),
    composition=COMPOSITION,
    wordings=WORDINGS,
    prove=prove,
    check=check,
    explain=explain,
    forms=FORMS,
    dataset=AXIOMATIC,
    configs=CONFIGS,
    generate_shard=generate_shard,
    few_shot_config="d_separation",
    scored_configs={"d_separation_generalization": "d-separation"},
    small_options=dict.fromkeys(CONFIGS, {"rows": 400, "validation_rows": 400})
    | {"d_separation_generalization": {"rows_per_cell": 2}},
    measure=measure,
    levels=LEVELS,
    shortcuts=SHORTCUTS,
    published_curves=CURVES,
    reference="the logs released with arXiv 2407.07612, on that paper's own evaluation files of the same family",
)

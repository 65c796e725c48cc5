"""The front door: does Z satisfy the front-door criterion for the effect of X on Y in a stated graph?"""

from hf_causal.tasks.front_door.explanation import explain
from hf_causal.tasks.front_door.forms import FORMS
from hf_causal.tasks.front_door.proof import check, prove
from hf_causal.tasks.front_door.rows import CONFIGS, NODES, NUM_HIDDEN, SCHEMA, generate_shard
from hf_causal.tasks.front_door.shortcuts import SHORTCUTS
from hf_causal.tasks.front_door.text import WORDS, parse_prompt, recognizes
from hf_causal.tasks.front_door.wordings import COMPOSITION, WORDINGS
from hf_causal.tasks.shared.criteria.difficulty import measure, set_levels
from hf_causal.tasks.shared.dataset import CAUSAL_LADDER
from hf_causal.tasks.task import Task

TASK = Task(
    name="front_door",
    title="Front-door sets",
    example=(
        "A causes M. M causes B. A and B share a hidden cause. "
        "Does {M} satisfy the front-door criterion for the effect of A on B?"
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
    few_shot_config="front_door",
    few_shot_options={"rows": 2000},
    scored_configs={"front_door_generalization": "Front-door sets"},
    small_options={
        "front_door": {"rows": 400, "validation_rows": 400},
        "front_door_generalization": {"rows_per_cell": 6},
    },
    difficulty=("num_nodes", "num_edges", "num_hidden", "set_size", "hops"),
    measure=measure,
    levels=set_levels(NODES, 1, NUM_HIDDEN),
    shortcuts=SHORTCUTS,
)

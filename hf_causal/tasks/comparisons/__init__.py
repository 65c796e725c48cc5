"""Comparisons: which of two quantities of a structural model is larger?"""

from hf_causal.tasks.comparisons.difficulty import LEVELS, measure
from hf_causal.tasks.comparisons.explanation import explain
from hf_causal.tasks.comparisons.forms import FORMS
from hf_causal.tasks.comparisons.invariances import INVARIANCES
from hf_causal.tasks.comparisons.proof import check, prove
from hf_causal.tasks.comparisons.rows import CONFIGS, SCHEMA, generate_shard
from hf_causal.tasks.comparisons.shortcuts import SHORTCUTS
from hf_causal.tasks.comparisons.text import parse_prompt, recognizes
from hf_causal.tasks.comparisons.wordings import COMPOSITION, WORDINGS
from hf_causal.tasks.shared.chances import WORDS
from hf_causal.tasks.shared.dataset import CAUSAL_LADDER
from hf_causal.tasks.shared.proofs import no_facts
from hf_causal.tasks.task import Task

TASK = Task(
    name="comparisons",
    title="Comparisons of quantities",
    example=(
        "A is 1 with probability 0.5. B is 1 with probability 0.2 if A is 0. B is 1 with probability 0.6 if A is 1. "
        "There are no hidden common causes. Is the probability that B is 1 if A is set to 1 larger than the "
        "probability that B is 1 if A is set to 0?"
    ),
    recognizes=recognizes,
    parse=parse_prompt,
    facts=no_facts,
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
    few_shot_config="comparisons",
    scored_configs={"comparisons": "Comparisons of quantities"},
    small_options={"comparisons": {"rows": 200, "validation_rows": 100, "rows_per_cell": 2}},
    difficulty=("num_nodes", "num_edges", "rung"),
    measure=measure,
    levels=LEVELS,
    shortcuts=SHORTCUTS,
    invariances=INVARIANCES,
)

"""Quantities: probabilities, effects and counterfactuals in a structural model whose numbers are stated."""

from hf_causal.tasks.quantities.difficulty import LEVELS, measure
from hf_causal.tasks.quantities.explanation import explain
from hf_causal.tasks.quantities.forms import FORMS
from hf_causal.tasks.quantities.invariances import INVARIANCES
from hf_causal.tasks.quantities.proof import check, prove
from hf_causal.tasks.quantities.rows import CONFIGS, SCHEMA, generate_shard
from hf_causal.tasks.quantities.shortcuts import SHORTCUTS
from hf_causal.tasks.quantities.text import parse_prompt, recognizes
from hf_causal.tasks.quantities.wordings import COMPOSITION, WORDINGS
from hf_causal.tasks.shared.chances import WORDS
from hf_causal.tasks.shared.dataset import CAUSAL_LADDER
from hf_causal.tasks.shared.proofs import no_facts
from hf_causal.tasks.task import Task

TASK = Task(
    name="quantities",
    title="Quantities",
    example=(
        "A is 1 with probability 0.5. B is 1 with probability 0.2 if A is 0. B is 1 with probability 0.6 if A is 1. "
        "There are no hidden common causes. What is the average treatment effect of A on B?"
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
    answer_form="value",
    dataset=CAUSAL_LADDER,
    configs=CONFIGS,
    generate_shard=generate_shard,
    schema=SCHEMA,
    few_shot_config="quantities",
    scored_configs={"quantities_generalization": "Quantities"},
    small_options={
        "quantities": {"rows": 400, "validation_rows": 200},
        "quantities_generalization": {"rows_per_cell": 2, "nodes": (5,)},
    },
    difficulty=("num_nodes", "num_edges", "rung", "hops"),
    measure=measure,
    levels=LEVELS,
    shortcuts=SHORTCUTS,
    invariances=INVARIANCES,
)

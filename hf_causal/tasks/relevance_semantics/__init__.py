"""The notions of relevance: does a change matter by the graph, by probability, or for any value at all?"""

from hf_causal.tasks.relevance_semantics.difficulty import LEVELS, measure
from hf_causal.tasks.relevance_semantics.explanation import explain
from hf_causal.tasks.relevance_semantics.forms import FORMS
from hf_causal.tasks.relevance_semantics.invariances import INVARIANCES
from hf_causal.tasks.relevance_semantics.proof import check, prove
from hf_causal.tasks.relevance_semantics.rows import CONFIGS, SCHEMA, generate_shard
from hf_causal.tasks.relevance_semantics.shortcuts import SHORTCUTS
from hf_causal.tasks.relevance_semantics.text import WORDS, parse_prompt, recognizes
from hf_causal.tasks.relevance_semantics.wordings import COMPOSITION, WORDINGS
from hf_causal.tasks.shared.dataset import CAUSAL_LADDER
from hf_causal.tasks.shared.proofs import no_facts
from hf_causal.tasks.task import Task

TASK = Task(
    name="relevance_semantics",
    title="Notions of relevance",
    example=(
        "u is a fair coin. A depends on u: it is 1 for 1. B depends on A and u: it is 1 for 01 and 10. "
        "Can setting A change the probability of B?"
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
    few_shot_config="relevance_semantics",
    scored_configs={"relevance_semantics": "Notions of relevance"},
    small_options={"relevance_semantics": {"rows": 120, "validation_rows": 60, "rows_per_cell": 4, "nodes": (5, 6)}},
    difficulty=("num_nodes", "num_edges", "num_held"),
    measure=measure,
    levels=LEVELS,
    shortcuts=SHORTCUTS,
    invariances=INVARIANCES,
)

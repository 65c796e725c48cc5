"""Instruments: is Z an instrument for the effect of X on Y given W in a stated graph?"""

from hf_causal.tasks.instrument.explanation import explain
from hf_causal.tasks.instrument.forms import FORMS
from hf_causal.tasks.instrument.invariances import INVARIANCES
from hf_causal.tasks.instrument.proof import check, prove
from hf_causal.tasks.instrument.rows import CONFIGS, NODES, NUM_HIDDEN, SCHEMA, generate_shard
from hf_causal.tasks.instrument.shortcuts import SHORTCUTS
from hf_causal.tasks.instrument.text import WORDS, Prompt, parse_prompt, recognizes
from hf_causal.tasks.instrument.wordings import COMPOSITION, WORDINGS
from hf_causal.tasks.shared.criteria.difficulty import measure, set_levels
from hf_causal.tasks.shared.dataset import CAUSAL_LADDER
from hf_causal.tasks.shared.proofs import Facts
from hf_causal.tasks.task import Task


def facts(prompt: Prompt) -> Facts:
    """Returns the stated edges and the nodes of the question, of which the instrument is the first."""
    return Facts(prompt.edges, (prompt.instrument, *prompt.question), prompt.given)


TASK = Task(
    name="instrument",
    title="Instruments",
    example="Z causes A. A causes B. A and B share a hidden cause. Is Z an instrument for the effect of A on B?",
    recognizes=recognizes,
    parse=parse_prompt,
    facts=facts,
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
    few_shot_config="instrument",
    few_shot_options={"rows": 2000},
    scored_configs={"instrument_generalization": "Instruments"},
    small_options={
        "instrument": {"rows": 400, "validation_rows": 400},
        "instrument_generalization": {"rows_per_cell": 6},
    },
    difficulty=("num_nodes", "num_edges", "num_hidden", "set_size", "hops"),
    measure=measure,
    levels=set_levels(NODES, 0, NUM_HIDDEN),
    shortcuts=SHORTCUTS,
    invariances=INVARIANCES,
)

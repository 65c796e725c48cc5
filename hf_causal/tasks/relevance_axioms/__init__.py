"""The axioms of relevance: what follows from statements of what cannot affect what?"""

from hf_causal.tasks.relevance_axioms.difficulty import LEVELS, measure
from hf_causal.tasks.relevance_axioms.explanation import explain
from hf_causal.tasks.relevance_axioms.forms import FORMS
from hf_causal.tasks.relevance_axioms.invariances import INVARIANCES
from hf_causal.tasks.relevance_axioms.proof import check, prove
from hf_causal.tasks.relevance_axioms.rows import CONFIGS, SCHEMA, generate_shard
from hf_causal.tasks.relevance_axioms.shortcuts import SHORTCUTS
from hf_causal.tasks.relevance_axioms.text import WORDS_OF_AXIOMS, parse_prompt, recognizes
from hf_causal.tasks.relevance_axioms.wordings import COMPOSITION, WORDINGS
from hf_causal.tasks.shared.dataset import CAUSAL_LADDER
from hf_causal.tasks.task import Task

TASK = Task(
    name="relevance_axioms",
    title="Axioms of relevance",
    example=(
        "Changing C cannot affect D if B is held fixed. Changing C cannot affect B if A and D are held fixed. "
        "Changing B cannot affect D if A is held fixed. Does it follow that changing C cannot affect D?"
    ),
    recognizes=recognizes,
    parse=parse_prompt,
    further_reserved_words=WORDS_OF_AXIOMS,
    vocabulary=(
        *("Changing", "changing", "cannot", "affect", "or", "and", "if", "is", "are", "held", "fixed", ","),
        *("Does", "it", "follow", "that"),
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
    few_shot_config="relevance_axioms",
    few_shot_options={"rows": 2000},
    scored_configs={"relevance_axioms": "Axioms of relevance"},
    small_options={"relevance_axioms": {"rows": 360, "validation_rows": 120, "rows_per_cell": 8}},
    difficulty=("num_statements", "num_steps"),
    measure=measure,
    levels=LEVELS,
    shortcuts=SHORTCUTS,
    invariances=INVARIANCES,
)

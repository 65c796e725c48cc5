"""Transitivity: does a stated chain of causes lead from X to Y?"""

from hf_causal.tasks.shared.dataset import AXIOMATIC
from hf_causal.tasks.task import Task
from hf_causal.tasks.transitivity.proof import check, prove
from hf_causal.tasks.transitivity.rows import CONFIGS, generate_shard
from hf_causal.tasks.transitivity.shortcuts import SHORTCUTS
from hf_causal.tasks.transitivity.text import parse_prompt

TASK = Task(
    name="transitivity",
    title="Transitivity",
    recognizes=lambda text: True,
    fallback=True,
    parse=parse_prompt,
    reserved_words=frozenset({"causes", "cause", "does", "yes", "no"}),
    prove=prove,
    check=check,
    dataset=AXIOMATIC,
    configs=CONFIGS,
    generate_shard=generate_shard,
    few_shot_config="transitivity_ts2",
    scored_configs={"transitivity_generalization": "Transitivity"},
    shortcuts=SHORTCUTS,
    reference="arXiv 2407.07612, version 1, on that paper's own evaluation files of the same families",
)

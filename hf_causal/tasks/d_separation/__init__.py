"""d-separation: are X and Y separated in a stated graph, given Z?"""

from hf_causal.tasks.d_separation.proof import check, prove
from hf_causal.tasks.d_separation.rows import CONFIGS, generate_shard
from hf_causal.tasks.d_separation.shortcuts import SHORTCUTS
from hf_causal.tasks.d_separation.text import parse_prompt, recognizes
from hf_causal.tasks.shared.dataset import AXIOMATIC
from hf_causal.tasks.task import Task

TASK = Task(
    name="d_separation",
    title="d-separation",
    recognizes=recognizes,
    parse=parse_prompt,
    reserved_words=frozenset({"are", "and", "given", "separated"}),
    vocabulary=("Are", "and", "d-separated", "given", "{", "}", ","),
    prove=prove,
    check=check,
    dataset=AXIOMATIC,
    configs=CONFIGS,
    generate_shard=generate_shard,
    few_shot_config="d_separation",
    scored_configs={"d_separation_generalization": "d-separation"},
    shortcuts=SHORTCUTS,
    reference="the logs released with arXiv 2407.07612, on that paper's own evaluation files of the same family",
)

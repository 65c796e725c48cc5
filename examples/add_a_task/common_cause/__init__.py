"""Common cause: are two things linked by a common cause?"""

from common_cause.proof import check, explain, prove
from common_cause.rows import CONFIGS, WORDS, generate_shard
from common_cause.text import parse_prompt, recognizes
from hf_causal.tasks.shared.dataset import Dataset
from hf_causal.tasks.shared.shortcuts import for_each_prompt
from hf_causal.tasks.task import Task


def one_sentence_each(prompt) -> int:
    """Answers Yes exactly where one node is stated to cause both directly."""
    first, second = ({cause for cause, effect in prompt.edges if effect == node} for node in prompt.question)
    return int(bool(first & second))


TASK = Task(
    name="common_cause",
    title="Common cause",
    example="C causes A. C causes B. Is A linked to B by a common cause?",
    recognizes=recognizes,
    parse=parse_prompt,
    further_reserved_words=WORDS,
    vocabulary=("Is", "linked to", "by a common cause"),
    prove=prove,
    check=check,
    explain=explain,
    dataset=Dataset("common_cause", "Things linked by a common cause", "common-cause"),
    configs=CONFIGS,
    generate_shard=generate_shard,
    few_shot_config="common_cause",
    scored_configs={"common_cause_generalization": "Common cause"},
    shortcuts={"one sentence each": for_each_prompt(one_sentence_each)},
)

"""Co-occurrence: does X cause Y, or do they merely appear together?"""

from hf_causal.tasks.co_occurrence.difficulty import LEVELS, measure
from hf_causal.tasks.co_occurrence.explanation import explain
from hf_causal.tasks.co_occurrence.forms import FORMS
from hf_causal.tasks.co_occurrence.proof import check, prove
from hf_causal.tasks.co_occurrence.rows import CONFIGS, generate_shard
from hf_causal.tasks.co_occurrence.shortcuts import SHORTCUTS
from hf_causal.tasks.co_occurrence.text import parse_prompt, recognizes
from hf_causal.tasks.co_occurrence.wordings import COMPOSITION, WORDINGS
from hf_causal.tasks.shared.dataset import Dataset
from hf_causal.tasks.task import Task

TASK = Task(
    name="co_occurrence",
    title="Co-occurrence and cause",
    example="A and B often appear together. C causes A. C causes B. Does A cause B?",
    recognizes=recognizes,
    parse=parse_prompt,
    composition=COMPOSITION,
    wordings=WORDINGS,
    prove=prove,
    check=check,
    explain=explain,
    forms=FORMS,
    dataset=Dataset("co_occurrence", "What appears together, and what causes it", "causal-inference"),
    configs=CONFIGS,
    generate_shard=generate_shard,
    few_shot_config="co_occurrence",
    scored_configs={"co_occurrence": "Co-occurrence and cause"},
    small_options={"co_occurrence": {"rows": 400, "validation_rows": 400, "rows_per_cell": 2}},
    measure=measure,
    levels=LEVELS,
    shortcuts=SHORTCUTS,
)

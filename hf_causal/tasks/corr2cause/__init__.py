"""Correlation to causation: does a causal claim hold in every graph that has the stated independences?"""

from hf_causal.tasks.corr2cause.configs import CONFIGS
from hf_causal.tasks.corr2cause.difficulty import LEVELS, measure
from hf_causal.tasks.corr2cause.explanation import explain
from hf_causal.tasks.corr2cause.forms import FORMS
from hf_causal.tasks.corr2cause.invariances import INVARIANCES
from hf_causal.tasks.corr2cause.proof import check, prove
from hf_causal.tasks.corr2cause.published import F1_OF_YES
from hf_causal.tasks.corr2cause.rows import SCHEMA, generate_shard
from hf_causal.tasks.corr2cause.shortcuts import SHORTCUTS
from hf_causal.tasks.corr2cause.text import join, parse_prompt, recognizes
from hf_causal.tasks.corr2cause.wordings import COMPOSITION, WORDINGS
from hf_causal.tasks.shared.dataset import Dataset
from hf_causal.tasks.shared.proofs import Facts
from hf_causal.tasks.task import Task

TASK = Task(
    name="corr2cause",
    title="Correlation to causation",
    example=(
        "Premise: Suppose there is a closed system of 3 variables, A, B and C. All the statistical relations among "
        "these 3 variables are as follows: A correlates with B. B correlates with C. However, A is independent of C.\n"
        "Hypothesis: A directly causes B."
    ),
    recognizes=recognizes,
    parse=parse_prompt,
    join=join,
    facts=lambda prompt: Facts(question=prompt.pair),
    prompt_prefixes=("Premise: ", "Hypothesis: "),
    vocabulary=(
        "Premise:",
        "Suppose there is a closed system of",
        "variables",
        ",",
        "and",
        "All the statistical relations among these",
        "variables are as follows:",
        "correlates with",
        "However,",
        "is independent of",
        "are independent given",
        "Hypothesis:",
        "directly causes",
        "causes something else which causes",
        "is a cause for",
        ", but not a direct one",
        "There exists at least one collider (i.e., common effect) of",
        "There exists at least one confounder (i.e., common cause) of",
        "directly affects",
        "influences",
        "through some mediator(s)",
        "together cause some other variable(s)",
        "Some variable(s) cause(s) both",
    ),
    composition=COMPOSITION,
    wordings=WORDINGS,
    prove=prove,
    check=check,
    explain=explain,
    forms=FORMS,
    dataset=Dataset("corr2cause", "Correlation to causation, every label proved", "causal-discovery"),
    configs=CONFIGS,
    generate_shard=generate_shard,
    schema=SCHEMA,
    few_shot_config="default",
    scored_configs={
        "default": "Correlation to causation",
        "paraphrased": "Correlation to causation, other words",
        "refactored": "Correlation to causation, other names",
        "seven_variables": "Correlation to causation, seven variables",
    },
    small_options={
        **dict.fromkeys(CONFIGS, {"nodes": (2, 3, 4)}),
        "balanced": {"nodes": (4, 5), "rows": 200, "rows_per_cell": 20},
        "seven_variables": {"rows_per_cell": 20},
    },
    difficulty=("num_nodes", "num_edges"),
    measure=measure,
    levels=LEVELS,
    shortcuts=SHORTCUTS,
    rare_yes=True,
    invariances=INVARIANCES,
    published_f1=F1_OF_YES,
    reference="arXiv 2306.05836, on the first version of that paper's own test split",
)

"""Example questions of the page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """Texts for the fields of premises and question."""

    name: str
    premises: str
    question: str


def _lines(*statements: str) -> str:
    return "\n".join(statements)


EXAMPLES = (
    Example(
        "Chain",
        _lines("Smoking causes tar deposits", "Tar deposits cause lung cancer"),
        "Does smoking cause lung cancer?",
    ),
    Example(
        "Fork",
        "Hot weather leads to ice cream sales. Hot weather causes sunburn.",
        "Do ice cream sales cause sunburn?",
    ),
    Example(
        "Collider",
        _lines("rain and sprinklers cause wet grass", "wet grass causes slippery shoes"),
        "Does rain cause sprinklers?",
    ),
    Example(
        "Reversed",
        _lines("E causes F", "D causes E", "C causes D", "B causes C", "A causes B"),
        "Does A cause F?",
    ),
    Example(
        "Branching",
        _lines(
            "stress → poor sleep → fatigue → accidents",
            "stress → high blood pressure",
            "caffeine → poor sleep, high blood pressure",
            "high blood pressure → stroke",
            "night shifts cause fatigue and stress",
        ),
        "Does caffeine cause accidents?",
    ),
    Example(
        "Feedback loop",
        "Stress causes poor sleep. Poor sleep leads to errors at work, which cause stress.",
        "Does poor sleep cause stress?",
    ),
    Example(
        "中文",
        "暴雨导致洪水。洪水引起停电。",
        "暴雨会导致停电吗？",
    ),
    Example(
        "50 nodes",
        " → ".join(f"event {number}" for number in range(1, 51)),
        "Does event 1 cause event 50?",
    ),
    Example(
        "d-separation",
        _lines("rain causes wet grass", "sprinkler causes wet grass", "wet grass causes slippery shoes"),
        "Are rain and sprinkler d-separated given slippery shoes?",
    ),
    Example(
        "Held fixed",
        _lines(
            "Opening the window lowers the temperature",
            "The thermostat regulates the heating",
            "The heating raises the temperature",
        ),
        "If we hold the heating fixed, can the thermostat still affect the temperature?",
    ),
    Example(
        "Adjustment",
        _lines("Age affects both drug use and recovery", "Drug use speeds up recovery", "Drug use causes nausea"),
        "Is it enough to control for age to estimate the effect of drug use on recovery?",
    ),
    Example(
        "What to adjust for",
        _lines(
            "Age affects diet and income",
            "Income affects health",
            "Diet affects weight",
            "Weight affects health",
            "Sport affects diet and health",
        ),
        "What should I adjust for to find the effect of diet on health?",
    ),
    Example(
        "Hidden cause",
        _lines(
            "Smoking causes tar deposits",
            "Tar deposits lead to lung cancer",
            "Smoking and lung cancer share an unobserved cause",
        ),
        "Can the effect of smoking on lung cancer be computed from observational data?",
    ),
    Example(
        "Front door",
        _lines(
            "Smoking causes tar deposits",
            "Tar deposits lead to lung cancer",
            "Smoking and lung cancer share an unobserved cause",
        ),
        "Do tar deposits satisfy the front-door criterion for the effect of smoking on lung cancer?",
    ),
    Example(
        "Instrument",
        _lines(
            "The draft lottery affects military service",
            "Military service lowers earnings",
            "Military service and earnings share an unobserved cause",
        ),
        "Is the draft lottery an instrument for the effect of military service on earnings?",
    ),
    Example(
        "Corr2Cause",
        _lines(
            "exercise correlates with fitness",
            "genes correlate with fitness",
            "exercise is independent of genes",
        ),
        "Does exercise directly cause fitness?",
    ),
)

"""Proves or refutes every label of other people's files from the text of each row alone."""

from hf_causal.verification.convert import Conversion, convert
from hf_causal.verification.finding_types import DEFECTS, FINDING_TYPES, FindingType
from hf_causal.verification.fix import FixSummary, fix
from hf_causal.verification.report import Finding, TableReport, VerifyReport
from hf_causal.verification.verify import verify

__all__ = [
    "DEFECTS",
    "Conversion",
    "FINDING_TYPES",
    "Finding",
    "FixSummary",
    "FindingType",
    "TableReport",
    "VerifyReport",
    "convert",
    "fix",
    "verify",
]

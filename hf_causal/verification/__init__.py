"""Verifying rows that anyone wrote: every label proved or refuted from the row's own text."""

from hf_causal.verification.finding_types import DEFECTS, KINDS, Kind
from hf_causal.verification.fix import FixSummary, fix
from hf_causal.verification.report import Finding, TableReport, VerifyReport
from hf_causal.verification.verify import verify

__all__ = ["DEFECTS", "KINDS", "Finding", "FixSummary", "Kind", "TableReport", "VerifyReport", "fix", "verify"]

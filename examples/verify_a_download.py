"""Verifies files of a published data set, such as CLEAR, CaLM or CLadder, and writes corrected copies.

    git clone --depth 1 https://github.com/OpenCausaLab/CLEAR
    python examples/verify_a_download.py CLEAR/data/json_single corrected

The data set is recognized by the content of its files; docs/audit.md lists those that are read.
"""

import sys
from pathlib import Path

from hf_causal.verification import convert, fix, verify


def main(source: Path, out: Path) -> int:
    """Prints the verdicts on each file with the first reasons, and writes corrected copies and rows with proofs."""
    report = verify(source)
    for table in report.tables:
        print(table.describe())
        for row, reason in table.first_reasons():
            print(f"  row {row}: {reason[:200]}")
    for copy in fix(source, out / source.name if source.is_file() else out):
        print(f"{copy.path}: {copy.num_changed} rows corrected, {copy.num_marked} marked as defective")
    for one in convert(source, out / "rows"):
        print(f"{one.path}: {one.num_converted} of {one.num_rows} rows with proofs")
    return 0 if report.is_clean else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))

"""Verifies a file of causal questions and writes a corrected copy next to it.

    python examples/verify_my_file.py questions.jsonl

Any Parquet, JSONL, JSON or CSV file with a text and a Yes/No label will do. The exit status is 1 where one is wrong.
"""

import sys
from pathlib import Path

from hf_causal.verification import fix, verify


def main(path: Path) -> int:
    """Prints what is wrong with a file, and writes `NAME.corrected.SUFFIX` where something is."""
    report = verify(path)
    for table in report.tables:
        print(f"{table.name}: {table.num_rows} rows, {table.num_yes} Yes, {table.num_no} No")
        for name, finding in table.findings.items():
            if finding.rows:
                print(f"  {name}: rows {finding.rows[:10]}, for example: {finding.reasons[0]}")
    if report.is_clean:
        return 0
    corrected = path.with_name(f"{path.stem}.corrected{path.suffix}")
    fix(path, corrected)
    print(f"corrected copy: {corrected}")
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

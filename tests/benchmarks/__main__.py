"""Run benchmarks and print their table.

python -m tests.benchmarks [names...] [--write docs/benchmarks.md] [--json FILE] [--earlier FILE...]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from tqdm import tqdm

from .quality import TARGETS
from .rows import Options, Row, as_json, as_markdown, as_text, circumstances, from_json
from .table import BENCHMARKS


def main() -> None:
    """Read the command line, measure, print, write."""
    parser = _parser()
    choice = parser.parse_args()
    unknown = [name for name in choice.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"expected names out of {', '.join(BENCHMARKS)}, got {unknown[0]}")
    options = Options(
        rounds=choice.rounds,
        seeds=choice.seeds,
        first_seed=choice.first_seed,
        steps=choice.steps,
        targets=tuple(choice.targets),
        rivals_python=choice.rivals_python,
        sessions=choice.sessions,
        minutes=choice.minutes,
    )
    names = choice.names or ([] if choice.earlier else list(BENCHMARKS))
    measured: dict[str, list[Row]] = {}
    for name in tqdm(names, desc="benchmarks", disable=not sys.stderr.isatty()):
        measured[name] = BENCHMARKS[name].rows(options)
        print(f"\n{name}: {BENCHMARKS[name].summary}\n{as_text(measured[name])}", flush=True)
    when = circumstances()
    print(f"\n{when}")
    if choice.write:
        everything: dict[str, list[Row]] = {name: [] for name in BENCHMARKS}
        for path in choice.earlier:
            found = json.loads(path.read_text(encoding="utf-8"))["rows"]
            everything |= {name: [from_json(row) for row in rows] for name, rows in found.items()}
        choice.write.write_text(_document(everything | measured, when), encoding="utf-8")
    if choice.json:
        groups = {name: as_json(rows) for name, rows in measured.items()}
        choice.json.write_text(json.dumps({"circumstances": when, "rows": groups}, indent=1) + "\n", encoding="utf-8")


def _document(measured: dict[str, list[Row]], when: str) -> str:
    groups = [
        f"## {name}\n\n{BENCHMARKS[name].summary}\n\n{as_markdown(rows)}" for name, rows in measured.items() if rows
    ]
    opening = (
        "# Benchmarks\n\nWritten by `python -m tests.benchmarks`; each module in `tests/benchmarks/` says exactly what "
        f"it measures.\n{when}\n"
    )
    return "\n".join([opening, *groups])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description="What gausslab must reach, measured."
    )
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"any of {', '.join(BENCHMARKS)}; all if none is given"
    )
    parser.add_argument(
        "--rounds", type=int, default=Options.rounds, help="turns of each contestant (default %(default)s)"
    )
    parser.add_argument("--seeds", type=int, help="seeds of each quality benchmark, for a quick look")
    parser.add_argument("--first-seed", type=int, help="of each recipe, for a check on others than those tuned on")
    parser.add_argument("--steps", type=int, default=Options.steps, help="steps of each quality run, for a quick look")
    parser.add_argument(
        "--targets", nargs="+", default=(), choices=list(TARGETS), metavar="target", help=f"any of {', '.join(TARGETS)}"
    )
    parser.add_argument(
        "--rivals-python",
        default=os.environ.get("GAUSSLAB_RIVALS_PYTHON", sys.executable),
        metavar="PATH",
        help="an interpreter with PyTorch and TensorFlow (default: $GAUSSLAB_RIVALS_PYTHON, or this one)",
    )
    parser.add_argument("--sessions", type=int, help="visitors of a crowd, for a quick look")
    parser.add_argument("--minutes", type=float, help="minutes of a visit to the lab, for a quick look")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="write the table as Markdown, e.g. docs/benchmarks.md"
    )
    parser.add_argument(
        "--earlier", type=Path, nargs="+", default=[], metavar="FILE", help="write what these JSON files hold as well"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table and every number as JSON")
    return parser


if __name__ == "__main__":
    main()

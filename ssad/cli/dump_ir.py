"""`ssad dump-ir`: print a function at any stage between bytecode and machine code."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import Any

from ssad.cli.files import write_text
from ssad.cli.loading import argnums_of, load_function, signature_of
from ssad.ir.core import Module
from ssad.pipeline import STAGES, Recipe, Step, Trace, stages

EPILOG = """\
examples:
  ssad dump-ir model.py:loss --signature "f64[:], f64" --stage adjoint
  ssad dump-ir model.py:loss --stage refined --argnums 0,1 --stats
  ssad dump-ir model.py:loss --stage asm -o loss.s

Without --signature the annotations of the function are used.
"""


def add_parser(subparsers: Any) -> None:
    """Enter the verb."""
    parser = subparsers.add_parser(
        "dump-ir",
        help="print a function at any stage between bytecode and machine code",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("target", metavar="FILE.py:FUNC", help="the function")
    parser.add_argument("--stage", choices=STAGES, default="adjoint", help="which stage (default: adjoint)")
    parser.add_argument("--signature", metavar="TYPES", help='argument types, for example "f64[:], f64"')
    parser.add_argument(
        "--argnums", default=None, metavar="N[,N]", help="differentiate by these arguments (default: 0)"
    )
    parser.add_argument(
        "--mode",
        choices=("reverse", "forward", "gradient", "primal"),
        default="reverse",
        help="which derivative; gradient is what ssad.grad runs (default: reverse)",
    )
    parser.add_argument(
        "--disable",
        action="append",
        default=[],
        metavar="NAME",
        help="leave out a pass or what else `ssad opt --list` names (repeatable)",
    )
    parser.add_argument("--fastmath", action="store_true", help="let sums be reordered")
    parser.add_argument(
        "--no-vector-math", action="store_true", help="no vector versions of elementary functions"
    )
    parser.add_argument("--stats", action="store_true", help="a table of sizes by stage, on standard error")
    parser.add_argument(
        "--time", action="store_true", help="a table of times by stage and pass, on standard error"
    )
    parser.add_argument("-o", "--output", metavar="OUT", help="write to this file")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the verb out."""
    fn = load_function(args.target)
    signature = signature_of(fn, args.signature)
    steps: tuple[Step, ...] = ()
    if args.mode != "primal" and STAGES.index(args.stage) >= STAGES.index("adjoint"):
        steps = (Step(args.mode, argnums_of(args.argnums or "0", signature)),)
    recipe = Recipe(steps, fastmath=args.fastmath, vector_math=not args.no_vector_math)
    trace = Trace(disable=args.disable, verify=True)
    rows: list[list[str]] = []
    text = ""
    for artefact in stages(fn, signature, recipe, trace):
        module = getattr(artefact.value, "module", artefact.value)
        if isinstance(module, Module):
            rows.append([artefact.stage, *_sizes(module)])
        if artefact.stage == args.stage:
            text = artefact.text()
            break
    write_text(text.rstrip("\n") + "\n", args.output)
    if args.stats:
        _table(["stage", "functions", "blocks", "ops", "checks", "recalls", "tapes", "stacks"], rows)
    if args.time:
        _table(["stage or pass", "ms"], [[name, f"{1e3 * s:.2f}"] for name, s in trace.seconds.items()])
    return 0


def _sizes(module: Module) -> list[str]:
    names = Counter(op.name for f in module.functions.values() for op in f.ops())
    blocks = sum(len(f.blocks) for f in module.functions.values())
    counts = [len(module.functions), blocks, names.total(), names["check"], names["recall"]]
    return [str(n) for n in [*counts, names["tape_new"], names["stack_new"]]]


def _table(head: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]
    for row in [head, *rows]:
        first, *rest = (
            cell.ljust(w) if n == 0 else cell.rjust(w)
            for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *rest]).rstrip(), file=sys.stderr)

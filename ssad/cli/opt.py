"""Run passes on IR text: what goes in and what comes out is in the form of docs/ir.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from typing import Any

from ssad.cli.command import OK, USER_ERROR, report
from ssad.cli.files import read_text, write_text
from ssad.errors import VerifyError
from ssad.ir.core import Module

EPILOG = """\
examples:
  ssad opt f.ssa -p fold,cse,dce
  ssad dump-ir model.py:loss --stage typed | ssad opt - -p inline,dce --time
  ssad opt f.ssa                    parse, verify and print only
  ssad opt f.ssa -p bounds --disable ranges    what the pass does without that analysis
  ssad opt --list                   the passes there are
"""

WIDTH = 16
"""Of a column of names."""


def add_parser(subparsers: Any) -> None:
    """Enter the verb."""
    parser = subparsers.add_parser(
        "opt",
        help="run passes on IR text",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", metavar="FILE.ssa", help="the text; - is standard input")
    parser.add_argument(
        "-p", "--passes", action="append", default=[], metavar="PASS[,PASS]", help="passes, in order"
    )
    parser.add_argument(
        "--disable",
        action="append",
        default=[],
        metavar="NAME",
        help="leave out a pass or what else --list names (repeatable)",
    )
    parser.add_argument(
        "--verify-each", action="store_true", help="verify after every pass, not only at the end"
    )
    parser.add_argument("--stage", metavar="NAME", help="also verify what holds at this stage only")
    parser.add_argument(
        "--print-after-all", action="store_true", help="print after every pass, on standard error"
    )
    parser.add_argument("--time", action="store_true", help="a table of times, on standard error")
    parser.add_argument("--no-locations", action="store_true", help="print without places in the source")
    parser.add_argument("--list", action="store_true", help="list the passes, and what else can be left out")
    parser.add_argument("-o", "--output", metavar="OUT", help="write to this file")
    parser.set_defaults(run=lambda args: run(args, parser))


def run(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Carry the verb out."""
    import ssad.primitives  # noqa: F401  (registers the primitives that text may name)
    from ssad.analysis.choices import CHOICES
    from ssad.ir.parser import line_place, parse_with_lines
    from ssad.ir.verify import verify
    from ssad.passes.manager import all_passes, run_passes

    if args.list:
        rows = [(one.name, one.summary) for one in all_passes()]
        write_text(
            f"{_list(rows)}\nwhat else --disable leaves out: without it ...\n\n{_list(CHOICES.items())}",
            args.output,
        )
        return OK
    if args.file is None:
        parser.print_usage(sys.stderr)
        print("ssad opt: error: a file is missing; - is standard input", file=sys.stderr)
        return 2
    text = read_text(args.file)
    name = "<stdin>" if args.file == "-" else args.file
    seconds: dict[str, float] = {}
    start = time.perf_counter()
    module, lines = parse_with_lines(text, name)
    seconds["(parse)"] = time.perf_counter() - start
    try:
        verify(module, args.stage)
    except VerifyError as error:
        error.place = line_place(name, lines.get(error.guilty, 1))
        return report(error, USER_ERROR)
    seconds["(verify)"] = time.perf_counter() - start - seconds["(parse)"]
    run_passes(
        module,
        [name for names in args.passes for name in names.split(",") if name],
        verify=args.verify_each,
        disable=args.disable,
        observer=_print_after if args.print_after_all else None,
        timings=seconds,
    )
    verify(module)
    write_text(_printed(module, not args.no_locations), args.output)
    if args.time:
        for name, taken in seconds.items():
            print(f"{1e3 * taken:9.2f} ms  {name}", file=sys.stderr)
    return OK


def _list(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{name:<{WIDTH}}  {summary}\n" for name, summary in rows)


def _print_after(name: str, module: Module, changed: bool) -> None:
    what = "changed" if changed else "nothing changed"
    print(f"# after {name}: {what}", file=sys.stderr)
    if changed:
        print(_printed(module, False), file=sys.stderr, end="")


def _printed(module: Module, locations: bool) -> str:
    from ssad.ir.printer import print_module

    return print_module(module, locations=locations)

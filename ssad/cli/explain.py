"""What an error code means, with an example and the way out."""

from __future__ import annotations

import argparse
import difflib
import re
from pathlib import Path
from typing import Any

from ssad.cli.command import OK
from ssad.cli.files import write_text
from ssad.errors import UsageError
from ssad.frontend.refusals import CONSTRUCTS

_HEADING = re.compile(r"^## (SSAD\d{4}): (.*)$", re.M)


def add_parser(subparsers: Any) -> None:
    """Enter the verb."""
    parser = subparsers.add_parser("explain", help="what an error code means", description=__doc__)
    parser.add_argument(
        "code", nargs="?", metavar="CODE", help="for example SSAD0201; without it, the list of codes"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the verb out."""
    known = explanations()
    if args.code is None:
        write_text("".join(f"{code}  {title}\n" for code, (title, _) in known.items()), None)
        return OK
    code = args.code.strip("[]").upper()
    if code.isdecimal():
        code = f"SSAD{code:0>4}"
    if code not in known:
        near = difflib.get_close_matches(code, known, 3)
        cure = f"close to it: {', '.join(near)}" if near else "`ssad explain` lists them"
        raise UsageError(f"there is no error code {args.code}", cure=cure)
    title, text = known[code]
    write_text(f"{code}: {title}\n\n{text}\n", None)
    return OK


def explanations() -> dict[str, tuple[str, str]]:
    """Code -> title and text: the sections of the page, and one for each refused construct."""
    page = Path(__file__).with_name("explanations.md").read_text(encoding="utf-8")
    _, *parts = _HEADING.split(page)
    known = {code: (cause, f"Instead: {cure}.") for code, cause, cure in CONSTRUCTS.values()}
    known |= {code: (title, text.strip()) for code, title, text in zip(*[iter(parts)] * 3, strict=True)}
    return dict(sorted(known.items()))

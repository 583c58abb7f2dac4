"""Arguments, exit codes and error messages that all verbs share.

A verb is a file of this folder with `add_parser(subparsers)`, which enters it and calls
`set_defaults(run=run)`, and `run(args) -> int`, which returns the exit code: 0 fine, 1 the user's program or
text is at fault, 2 the command is, 70 ssad is. Data goes to standard output, all else to standard error.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from ssad.cli.colours import emphasised
from ssad.errors import SignatureError, SsadError, UsageError, VerifyError

OK, USER_ERROR, MISUSE, INTERNAL, INTERRUPTED, CLOSED_PIPE = 0, 1, 2, 70, 130, 141

DESCRIPTION = (
    "Derivatives of plain Python functions as native code: see every stage, run passes, export libraries."
)
EPILOG = "`ssad VERB --help` says more. Exit codes: 0 fine; error in 1 the program, 2 the command, 70 ssad."


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: that of the process) and return the exit code."""
    try:
        args = parser().parse_args(argv)
    except SystemExit as done:  # argparse has printed help, the version or what is wrong
        return done.code if isinstance(done.code, int) else MISUSE
    try:
        code: int = args.run(args)
        sys.stdout.flush()
        return code
    except (UsageError, SignatureError) as error:
        return report(error, MISUSE)
    except VerifyError as error:  # a verb reports invalid input itself; this is IR that ssad made
        return _bug(error)
    except SsadError as error:
        return report(error, USER_ERROR)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # the reader has had enough; nothing may be written at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except Exception as error:
        return _bug(error)


def parser() -> argparse.ArgumentParser:
    """The parser of the command line, with every verb that has a file in this folder."""
    from ssad.cli.info import version

    top = argparse.ArgumentParser("ssad", description=DESCRIPTION, epilog=EPILOG)
    top.add_argument("--version", action="version", version=f"ssad {version('ssad')}")
    subparsers = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    for info in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if info.name != "__main__":
            verb = importlib.import_module(f"ssad.cli.{info.name}")
            getattr(verb, "add_parser", lambda _: None)(subparsers)
    return top


def report(error: SsadError, code: int) -> int:
    """Print `error` and return `code`."""
    print(emphasised(str(error), sys.stderr), file=sys.stderr)
    return code


def _bug(error: Exception) -> int:
    traceback.print_exception(error)
    message = "internal error: this is a bug in ssad, please report it with what is printed above"
    print(emphasised(message, sys.stderr), file=sys.stderr)
    return INTERNAL

"""`ssad export`: write a function and its gradient as a shared library with a C header."""

from __future__ import annotations

import argparse
from typing import Any

from ssad.cli.loading import argnums_of, load_function, signature_of

EPILOG = """\
examples:
  ssad export model.py:loss --signature "f64[:], f64" --grad -o libloss.so
  ssad export model.py:loss --signature "f64[:], f64" --grad --argnums 0,1 --target-cpu native -o libloss.so
  cc main.c -o main -L. -lloss -Wl,-rpath,. -lm

The header is written beside the library. It declares, for a function f: f_primal, with --grad f_gradient and
f_value_and_gradient, and ssad_f_error, which puts a status into words. docs/c_api.md has the calling
convention. Without --signature the annotations of the function are used.
"""


def add_parser(subparsers: Any) -> None:
    """Enter the verb."""
    parser = subparsers.add_parser(
        "export",
        help="write a function and its gradient as a shared library with a C header",
        description="Write a function and its gradient as a shared library with a C header.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("target", metavar="FILE.py:FUNC", help="the function")
    parser.add_argument("-o", "--output", metavar="LIB", required=True, help="the shared library to write")
    parser.add_argument("--signature", metavar="TYPES", help='argument types, for example "f64[:], f64"')
    parser.add_argument("--grad", action="store_true", help="export the gradient, too")
    parser.add_argument("--argnums", metavar="N[,N]", help="differentiate by these arguments (default: 0)")
    parser.add_argument(
        "--mode",
        choices=("auto", "reverse"),
        default="auto",
        help="auto: the tangent by one number, and in loops of few (default); reverse: the adjoint always",
    )
    parser.add_argument("--name", help="name of the C functions (default: that of the function)")
    parser.add_argument(
        "--header", metavar="FILE", help="where the header goes (default: beside the library)"
    )
    parser.add_argument(
        "--target-cpu", metavar="CPU", help="native, generic, x86-64-v2, x86-64-v3, x86-64-v4"
    )
    parser.add_argument(
        "--error-model",
        choices=("python", "numpy"),
        default="python",
        help="division by zero, log(-1.0) are errors (python, the default) or give inf and nan (numpy)",
    )
    parser.add_argument("--fastmath", action="store_true", help="let sums be reordered")
    parser.add_argument(
        "--no-vector-math", action="store_true", help="no vector versions of elementary functions"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the verb out."""
    from ssad.api.export import export
    from ssad.errors import UsageError

    if args.argnums is not None and not args.grad:
        raise UsageError("--argnums says by what to differentiate, and --grad is missing", cure="add --grad")
    if args.mode != "auto" and not args.grad:
        raise UsageError("--mode says how to differentiate, and --grad is missing", cure="add --grad")
    fn = load_function(args.target)
    signature = signature_of(fn, args.signature)
    library = export(
        fn,
        signature,
        args.output,
        argnums=argnums_of(args.argnums or "0", signature) if args.grad else 0,
        grad=args.grad,
        name=args.name,
        target_cpu=args.target_cpu,
        header=args.header,
        fastmath=args.fastmath,
        vector_math=not args.no_vector_math,
        mode=args.mode,
        error_model=args.error_model,
    )
    print(f"{library.path}: {', '.join(library.functions)}")
    print(library.header)
    return 0

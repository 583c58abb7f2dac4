"""Find the function that `FILE.py:FUNC` names, and its signature."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ssad.errors import LoadError, SignatureError, UsageError
from ssad.frontend.abstract import Abstract, ArrayOf, ComplexOf, Number
from ssad.frontend.arguments import parse_signature, signature_of_annotations
from ssad.frontend.refusals import describe_uncompilable
from ssad.ir.core import Location


def load_function(target: str) -> Callable[..., Any]:
    """The plain function that `FILE.py:FUNC` (or `FILE.py:Class.method`) names; the file is run as a module.

    Raises UsageError where the file or the function is missing, LoadError where running the file raises
    something, UnsupportedError where the name stands for something else.
    """
    file, colon, name = target.rpartition(":")
    if not colon or not file or not name:
        raise UsageError(f"{target!r} names no function", cure="write FILE.py:FUNC")
    path = Path(file)
    if not path.is_file():
        raise UsageError(f"there is no file {file}", cure="give the path of a Python file")
    found: Any = _run(path)
    for part in name.split("."):
        if not hasattr(found, part):
            inside = getattr(found, "__dict__", {})
            functions = [n for n, v in inside.items() if callable(v) and not n.startswith("_")]
            raise UsageError(
                f"{file} has no function {name!r}", cure=f"it has {', '.join(functions) or 'none'}"
            )
        found = getattr(found, part)
    found = found.py_func if getattr(found, "__ssad__", False) else found
    if not inspect.isfunction(found):
        raise describe_uncompilable(found)
    return found


def _run(path: Path) -> Any:
    # a file called math.py must not stand for the module math
    name = path.stem if path.stem not in sys.modules else f"ssad_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python file", cure="give a file whose name ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.resolve().parent))  # as `python FILE.py` would
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        cause = f"running {path} raised {type(error).__name__}: {error}"
        raise LoadError(cause, _raised_at(error, module.__file__), f"try `python {path}` first") from error
    return module


def _raised_at(error: BaseException, file: str | None) -> Location | None:
    """The last line of the file itself that has to do with an exception."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Location(error.filename, "", error.lineno, error.offset - 1 if error.offset else None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    if not frames:
        return None
    at = frames[-1]
    return Location(at.filename, at.name, at.lineno or 1, at.colno, at.end_lineno, at.end_colno)


def signature_of(fn: Callable[..., Any], text: str | None) -> list[Abstract]:
    """The argument types given as text, or those of the annotations. Raises SignatureError."""
    parameters = inspect.signature(fn).parameters.values()
    count = len(parameters)
    if text is None:
        try:
            return signature_of_annotations(fn)
        except SignatureError as error:
            example = ", ".join(["f64[:]", *["f64"] * (count - 1)][:count])
            raise SignatureError(
                error.cause, error.place, f'give --signature, for example "{example}"'
            ) from None
    signature = parse_signature(text)
    required = sum(p.default is inspect.Parameter.empty for p in parameters)
    if not required <= len(signature) <= count:
        raise SignatureError(
            f"the signature has types for {len(signature)} of the {count} arguments of {fn.__name__}",
            cure="give one type per argument; those with a default may be left out at the end",
        )
    return signature


def argnums_of(text: str, signature: Sequence[Abstract]) -> tuple[int, ...]:
    """The argument numbers written `0` or `0,2`. Raises UsageError where they do not fit."""
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--argnums {text!r} is no list of numbers", cure="write 0 or 0,2") from None
    for n in numbers:
        if not 0 <= n < len(signature):
            raise UsageError(
                f"--argnums {n}: there are {len(signature)} arguments", cure="numbers start at 0"
            )
        if not _is_float(signature[n]):
            floats = [str(k) for k, argument in enumerate(signature) if _is_float(argument)]
            raise UsageError(
                f"--argnums {n}: an argument that is {signature[n]} has no derivative",
                cure=f"--argnums {','.join(floats)}" if floats else "give a signature with floats",
            )
    return numbers


def _is_float(argument: Abstract) -> bool:
    if isinstance(argument, ComplexOf):
        return True
    return (isinstance(argument, Number) and argument.type.is_float) or (
        isinstance(argument, ArrayOf) and argument.elem.is_float
    )

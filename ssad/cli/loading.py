"""Find the function that `FILE.py:FUNC` names, and its signature."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ssad.errors import SignatureError, UsageError
from ssad.frontend.abstract import Abstract
from ssad.frontend.arguments import parse_signature, signature_of_annotations


def load_function(target: str) -> Callable[..., Any]:
    """The plain function that `FILE.py:FUNC` (or `FILE.py:Class.method`) names; the file is run as a module.

    Raises UsageError where the file or the function is missing, and what running the file raises.
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
            functions = [n for n, v in vars(found).items() if callable(v) and not n.startswith("_")]
            raise UsageError(
                f"{file} has no function {name!r}", cure=f"it has {', '.join(functions) or 'none'}"
            )
        found = getattr(found, part)
    return found.py_func if getattr(found, "__ssad__", False) else found


def _run(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python file", cure="give a file whose name ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    sys.path.insert(0, str(path.resolve().parent))  # as `python FILE.py` would
    spec.loader.exec_module(module)
    return module


def signature_of(fn: Callable[..., Any], text: str | None) -> list[Abstract]:
    """The argument types given as text, or those of the annotations. Raises SignatureError."""
    code = getattr(fn, "__code__", None)
    count = code.co_argcount + code.co_kwonlyargcount if code is not None else 0
    if text is None:
        try:
            return signature_of_annotations(fn)
        except SignatureError as error:
            example = ", ".join(["f64[:]", *["f64"] * (count - 1)][:count])
            raise SignatureError(
                error.cause, error.place, f'give --signature, for example "{example}"'
            ) from None
    signature = parse_signature(text)
    if code is not None and len(signature) > count:
        raise SignatureError(
            f"the signature has {len(signature)} types, {fn.__name__} takes {count} arguments"
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
    return numbers

"""What is not compiled, each with its cause and cure in the words of the user."""

from __future__ import annotations

import functools
import inspect
from types import CodeType, FunctionType, MethodType

from ssad.errors import SsadError, UnsupportedError
from ssad.frontend.instruction import Position
from ssad.ir.core import Location

CONSTRUCTS: dict[str, tuple[str, str, str]] = {
    "async": (
        "SSAD0101",
        "`async` and `await` are not compiled",
        "move the numeric part into a plain function",
    ),
    "bare_raise": (
        "SSAD0102",
        "`raise` without an exception is not compiled yet",
        "name the exception to raise",
    ),
    "class": (
        "SSAD0103",
        "a class inside a compiled function is not compiled",
        "define the class at module level",
    ),
    "comprehension": (
        "SSAD0104",
        "comprehensions are not compiled that make sets, or whose variables inner functions use",
        "write a `for` loop that fills a list or an array",
    ),
    "delete": (
        "SSAD0105",
        "`del` of an attribute is not compiled",
        "names and items can be deleted here; give the attribute another value instead",
    ),
    "dict": ("SSAD0106", "dictionaries are not compiled yet", "use one variable, tuple or array per entry"),
    "generator": (
        "SSAD0107",
        "this use of a generator is not compiled",
        "go through it with a loop",
    ),
    "generator_cell": (
        "SSAD0107",
        "an inner function that shares a changing variable of a generator is not compiled",
        "pass the variable to the inner function",
    ),
    "generator_result": (
        "SSAD0107",
        "this is a generator function: none is compiled by itself, loops go through them inside",
        "compile the function that goes through it",
    ),
    "generator_try": (
        "SSAD0107",
        "`yield` inside `with`, or a `try` with `finally` or a bare `except`, is not compiled",
        "name the exceptions (`except ValueError`), or yield behind it",
    ),
    "generator_expression": (
        "SSAD0107",
        "here generator expressions are not compiled, but in loops, sum, min, max, any, all, list and sorted",
        "assign it to a variable first, or make a list: `[... for ...]`",
    ),
    "global_store": (
        "SSAD0108",
        "assignment to a global variable is not compiled",
        "return the value, or write into an array given as argument",
    ),
    "import": ("SSAD0109", "`import` inside a compiled function is not compiled", "import at module level"),
    "intrinsic": ("SSAD0110", "this construct is not compiled", "write it with plain functions and loops"),
    "nonlocal": (
        "SSAD0112",
        "assignment to a variable of an enclosing function is not compiled",
        "return the value from the inner function and assign it outside",
    ),
    "set": ("SSAD0113", "sets are not compiled", "use a tuple or an array"),
    "star_display": (
        "SSAD0115",
        "`*` inside a tuple or list, and growing lists, are not compiled yet",
        "write the elements one by one, or preallocate an array",
    ),
    "template": ("SSAD0116", "template strings are not compiled", "use an f-string"),
    "try": (
        "SSAD0117",
        "exception groups and `except*` are not compiled",
        "use `except`, with one exception at a time",
    ),
}
"""Construct -> code, cause and cure. A code, once given, keeps its meaning."""

OPCODE, KIND, CLOSURE, UNDEFINED = "SSAD0130", "SSAD0131", "SSAD0133", "SSAD0134"
"""Unknown opcodes, objects that are no plain functions, closures, names without a value."""


def location(code: CodeType, position: Position, line: int | None = None) -> Location:
    """Where `position` is; an unknown line is `line`, or the first one of the function."""
    if position.line is None:
        return Location(code.co_filename, code.co_qualname, line or code.co_firstlineno)
    return Location(
        code.co_filename,
        code.co_qualname,
        position.line,
        position.column,
        position.end_line,
        position.end_column,
    )


def refusal(what: object, place: Location | None) -> UnsupportedError:
    """The error for a construct: a key of `CONSTRUCTS`, or ("opcode", name, version)."""
    if isinstance(what, tuple):
        _, name, (major, minor) = what
        return UnsupportedError(
            f"bytecode {name} of Python {major}.{minor} is not known to ssad",
            place,
            "write this line more simply, or add the opcode to the table in ssad/frontend/bytecode.py",
            OPCODE,
        )
    code, cause, cure = CONSTRUCTS[str(what)]
    return UnsupportedError(cause, place, cure, code)


def refusal_of_code(code: CodeType) -> UnsupportedError | None:
    """Why a function with this code cannot be compiled whatever its body says, or None."""
    place = Location(code.co_filename, code.co_qualname, code.co_firstlineno)
    if code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        number, cause, cure = CONSTRUCTS["async"]
        return UnsupportedError(f"{code.co_name} is a coroutine: {cause}", place, cure, number)
    return None


def describe_uncompilable(obj: object) -> SsadError:
    """The error for an object that is not a plain Python function: what it is, and what to give instead."""
    if isinstance(obj, FunctionType) and (error := refusal_of_code(obj.__code__)) is not None:
        return error
    cure = "give a function written with `def` or `lambda`"
    if isinstance(obj, functools.partial):
        what = "a functools.partial"
        cure = "give a function that calls it with all arguments: `def g(x): return f(1.0, x)`"
    elif isinstance(obj, MethodType):
        what = f"the bound method {obj.__qualname__}"
        cure = "give a function of the data it needs"
    elif isinstance(obj, type):
        what = f"the class {obj.__qualname__}"
    elif inspect.isbuiltin(obj) or type(obj).__name__ in ("ufunc", "method_descriptor", "wrapper_descriptor"):
        name = getattr(obj, "__qualname__", getattr(obj, "__name__", repr(obj)))
        what = f"the compiled function {name}"
        cure = f"call it from a Python function: `def g(x): return {name}(x)`"
    elif isinstance(obj, (staticmethod, classmethod)):
        what = f"a {type(obj).__name__}"
        cure = "decorate the function below it"
    elif callable(obj):
        what = f"a callable {type(obj).__name__} object"
        cure = "give a function of the data it needs"
    else:
        what = f"a value of type {type(obj).__name__}"
    return UnsupportedError(f"ssad compiles plain Python functions, not {what}", None, cure, KIND)

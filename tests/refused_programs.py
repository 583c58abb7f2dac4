"""Functions that are not compiled, one per construct; the error each of them gets is a golden."""

from __future__ import annotations

import linecache
import textwrap
from typing import Any

_SOURCES = """
def exception_group(x):
    try:
        y = 1.0 / x
    except* ZeroDivisionError:
        y = 0.0
    return y

async def coroutine(x):
    return x

def dict_of_numbers(x):
    table = {1: x, 2: 2.0}
    return table[1]

def set_display(x):
    return x in {x, 1.0}

def class_inside(x):
    class Local:
        pass
    return x

def global_assignment(x):
    global COUNTER
    COUNTER = x
    return x

def delete_item(x):
    del x.shape
    return x

def bare_raise(x):
    if x > 1.0:
        raise
    return x

def match_rest_of_a_mapping(x):
    match {"a": x, "b": 2.0}:
        case {"a": y, **rest}:
            return y
    return 0.0

def recursive_inner(n):
    def factorial(k):
        return 1 if k == 0 else k * factorial(k - 1)
    outer, factorial = factorial, None
    return outer(n)
"""


def refused_programs() -> list[Any]:
    """The functions; each in a file of its own, so that its lines are numbered from 1."""
    functions = []
    for source in _SOURCES.strip().replace("\nasync def ", "\ndef async ").split("\n\n"):
        source = textwrap.dedent(source).replace("def async ", "async def ") + "\n"
        name = source[source.index("def ") + 4 : source.index("(")]
        file = f"{name}.py"
        linecache.cache[file] = (len(source), None, source.splitlines(True), file)
        scope: dict[str, Any] = {}
        exec(compile(source, file, "exec", dont_inherit=True), scope)
        functions.append(scope[name])
    return functions

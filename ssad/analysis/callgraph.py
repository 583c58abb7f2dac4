"""Who calls whom in a module, and which functions come back to themselves: these are not inlined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ssad.ir.core import Function, Module, Op


def calls_in(function: Function) -> list[Op]:
    """The `call` ops of a function."""
    return [op for op in function.ops() if op.prim.name == "call"]


def callees(function: Function, module: Module) -> list[str]:
    """The functions of `module` that `function` calls, or whose calls it may make by a custom rule."""
    names = [op.attrs.get(key) for op in calls_in(function) for key in ("callee", "vjp")]
    return list(dict.fromkeys(name for name in names if name in module.functions))


def reachable(module: Module, roots: Iterable[str]) -> dict[str, None]:
    """The functions that `roots` call, directly or through others, and `roots` themselves."""
    found = dict.fromkeys(roots)
    work = list(found)
    while work:
        for name in callees(module.functions[work.pop()], module):
            if name not in found:
                found[name] = None
                work.append(name)
    return found


def recursive(module: Module) -> set[str]:
    """The functions that call themselves, directly or through others."""
    functions = module.functions
    graph = {
        name: list(dict.fromkeys(op.attrs["callee"] for op in calls_in(function)))
        for name, function in functions.items()
    }
    return {name for name in graph if name in _behind(name, graph)}


def _behind(start: str, graph: Mapping[str, list[str]]) -> set[str]:
    """What can be reached from `start` by one call or more."""
    found: set[str] = set()
    work = list(graph[start])
    while work:
        name = work.pop()
        if name not in found:
            found.add(name)
            work.extend(graph.get(name, ()))
    return found

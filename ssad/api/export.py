"""The door out of Python: a function and its gradient as a shared library with a C header."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ssad.api.arguments import Argnums, normal_argnums, recipe
from ssad.api.callables import fixed, plain
from ssad.api.tracebacks import door
from ssad.backend.aot import Export, Library, export_library
from ssad.errors import DifferentiationError, UnsupportedError, UsageError
from ssad.frontend.abstract import Abstract, ArrayOf, ComplexOf, MaybeNone, Number, TupleOf
from ssad.frontend.arguments import parse_signature, signature_of_annotations
from ssad.frontend.infer import Typed
from ssad.pipeline import Artefact, Recipe, Step, parts_of, stages


@door
def export(
    fn: Callable[..., Any],
    signature: str | Sequence[Abstract] | None,
    path: str | os.PathLike[str],
    *,
    argnums: Argnums = 0,
    grad: bool = True,
    name: str | None = None,
    target_cpu: str | None = None,
    header: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Library:
    """Write `fn`, and with `grad` its gradient by `argnums`, as the shared library `path` with a C header
    beside it.

    signature    argument types, "f64[:], f64"; None: those of the annotations
    name         of the C functions NAME_primal, NAME_gradient, NAME_value_and_gradient (default: that of
                 `fn`)
    target_cpu   "native", "generic" or an x86-64 level (default: x86-64-v3 where this machine has it)
    header       where the header goes

    The library needs libc and libm only; docs/c_api.md has its calling convention. Options as for `jit_grad`.
    Raises ToolchainError where there is no C compiler, and what compiling the function raises.

    >>> import ssad, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     library = ssad.export(lambda x: x * x, "f64", f"{folder}/libsquare.so", name="square")
    >>> library.functions
    ['square_primal', 'square_gradient', 'square_value_and_gradient']
    """
    fn = plain(fn)
    arguments = _signature(fn, signature)
    fn, _ = fixed(fn, arguments)
    made = recipe(options)
    typed, primal = _compiled(fn, arguments, made)
    names = [p.name for p in primal.value.main.params]
    hidden = _flavours(typed.result)
    one = Export(_name(fn, name), names, primal.value, hidden=hidden)
    if grad:
        one = _with_gradient(one, fn, arguments, made, normal_argnums(fn, argnums, len(arguments)), typed)
    return export_library([one], path, options=made.options, target_cpu=target_cpu, header_path=header)


def _with_gradient(
    one: Export,
    fn: Callable[..., Any],
    arguments: Sequence[Abstract],
    made: Recipe,
    numbers: tuple[int, ...],
    typed: Typed,
) -> Export:
    _check_differentiable(fn, typed, numbers)
    _, adjoint = _compiled(fn, arguments, replace(made, steps=(Step("gradient", numbers),)))
    assert adjoint.derivative is not None
    parts = parts_of(arguments)
    return replace(
        one,
        adjoint=adjoint.value,
        params=adjoint.derivative.params,
        results=adjoint.derivative.results,
        wanted=[parts[n].start for n in numbers],
        overwritten=adjoint.derivative.overwritten,
    )


def _name(fn: Callable[..., Any], name: str | None) -> str:
    """What the C functions are called after. Raises UsageError where that is no name."""
    if name is None and fn.__name__ != "<lambda>":
        return fn.__name__
    if name is not None and name.isascii() and name.isidentifier():
        return name
    cause = "a lambda has no name for C" if name is None else f"{name!r} is no name for C functions"
    raise UsageError(cause, cure="give one of letters, digits and underscores: name='f', --name f")


def _signature(fn: Callable[..., Any], signature: str | Sequence[Abstract] | None) -> list[Abstract]:
    if signature is None:
        return signature_of_annotations(fn)
    return parse_signature(signature) if isinstance(signature, str) else list(signature)


def _compiled(fn: Callable[..., Any], arguments: Sequence[Abstract], made: Recipe) -> tuple[Typed, Artefact]:
    """The typing and the refined module. Raises UnsupportedError for what lives outside of the function."""
    found: dict[str, Artefact] = {}
    for artefact in stages(fn, arguments, made):
        found[artefact.stage] = artefact
        if artefact.stage == "refined":
            break
    typed: Typed = found["typed"].value
    for capture in typed.captures:
        raise UnsupportedError(
            f"{fn.__name__} uses the array {capture.origin.name} from outside, which a library cannot hold",
            found["refined"].value.main.loc,
            "make it an argument",
        )
    return typed, found["refined"]


def _check_differentiable(fn: Callable[..., Any], typed: Typed, numbers: Sequence[int]) -> None:
    if not isinstance(typed.result, Number) or not typed.result.type.is_float:
        raise DifferentiationError(
            f"a gradient is that of a function that returns one float; {fn.__name__} returns {typed.result}",
            typed.module.main.loc,
            "return a scalar, or export without the gradient (grad=False, no --grad)",
        )
    for n in numbers:
        argument = typed.params[n]
        kind = argument.elem if isinstance(argument, ArrayOf) else getattr(argument, "type", None)
        if kind is None or not kind.is_float:
            name = list(inspect.signature(fn).parameters)[n]
            raise DifferentiationError(
                f"cannot differentiate by argument {name!r}: it is {argument}",
                typed.module.main.loc,
                "give it a float type in the signature, or leave it out of argnums",
            )


def _flavours(result: Abstract) -> list[int]:
    """The numbers of the result's parts that only say whose number another part is: Python's or NumPy's."""
    shown: list[bool] = []

    def walk(abstract: Abstract) -> None:
        if isinstance(abstract, TupleOf | ComplexOf | MaybeNone):
            for item in abstract.items:
                walk(item)
            if isinstance(abstract, MaybeNone):
                shown.append(True)  # whether there is a value
        else:
            shown.extend(n == 0 for n in range(len(abstract.parts)))

    walk(result)
    return [n for n, show in enumerate(shown) if not show]

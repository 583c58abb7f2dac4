"""The one list: what happens to a function, in which order, from bytecode to machine code.

`stages` yields named artefacts; everything that compiles, dumps or tests takes them from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ssad.ad.calls import has_companion, has_derivative
from ssad.ad.signature import Derivative, Slot, primal_signature
from ssad.analysis.alias import alias_classes
from ssad.analysis.callgraph import reachable
from ssad.analysis.choices import CHOICES, does, leaving_out
from ssad.backend.options import Options
from ssad.errors import DifferentiationError, UnsupportedError, UsageError
from ssad.frontend.abstract import Abstract, ArrayOf
from ssad.ir.builder import REORDERED
from ssad.ir.core import Function, Module
from ssad.ir.edit import clone_function, clone_module
from ssad.ir.types import Array, Scalar

if TYPE_CHECKING:
    from ssad.backend.native import NativeFunction
    from ssad.frontend.engine import Differentiate, Tangent
    from ssad.frontend.infer import Typed

STAGES = ("lifted", "typed", "optimised", "adjoint", "refined", "llvm", "asm")

Passes = Sequence[str | tuple[str, ...]]
"""Passes in order; of a tuple the others follow where the first one has changed something."""

Sizes = tuple[tuple[int, int, int], ...]
"""Lengths of arguments that are arrays: (number of the primal's IR parameter, axis, length)."""

OPTIMISE: Passes = [
    "simplify_cfg",
    "inline",
    "simplify_cfg",
    "unbox",
    "promote",
    "summarise",
    "fold",
    "cse",
    "loop_simplify",
    ("specialise", "fold", "cse"),
    ("unroll", "simplify_cfg", "fold", "cse"),
    "promote",
    "load_forward",
    "loop_simplify",
    ("lengths", "fold", "cse"),
    "licm",
    "hoist_alloc",
    "bounds",
    "fold",
    "cse",
    "dce",
    "simplify_cfg",
    "sink",
    "dce",
    "loop_simplify",
    "lcssa",
]
"""Before differentiation: the primal, ending in the normal form that `ad` wants."""

CLEAN = ["dce"]
"""Between emission and refinement nothing may move: only what nobody asked for is dropped."""

GATHER = ("gather", "fold", "cse", "licm", "dce")
JOIN = ("join_loops", "fold", "load_forward", "cse", "dce", "simplify_cfg")
OVERWRITE = ("overwrite", "load_forward", "dce")
SUM_UP = ("sum_up", "fold", "cse", "dce")
FUSE = ("fuse", "fold", "load_forward", "cse", "dce", "simplify_cfg")
REORDER = (FUSE, SUM_UP, GATHER, OVERWRITE)
"""Passes that change the order of sums, or the signs of zeros."""

REFINE: Passes = [
    "mincut",
    "materialise",
    "split",
    "inline",
    "simplify_cfg",
    "fold",
    "cse",
    "load_forward",
    "licm",
    "fold",
    "cse",
    "dce",
    "simplify_cfg",
    FUSE,
    ("fission", "cse", "fold", "dce"),
    GATHER,
    JOIN,
    SUM_UP,
    OVERWRITE,
    ("factor", "cse", "dce"),
    ("bits", "cse", "dce"),
    ("dead_stores", "dce"),
]
"""After differentiation."""

RELAX: Passes = ["relax"]
"""With `fastmath`, as soon as no more derivatives are to come, and again for what is made after that."""

FINISH: Passes = [
    ("reduce_strength", "fold", "cse", "dce"),
    ("defer_checks", "cse", "fold", "dce"),
    ("align", "fold", "cse", "dce"),
    "shorten_chains",
]
"""Last of all, for primals too: what only machines care about."""

NEEDED = ("inline", "unbox", "sink", "summarise", "loop_simplify", "lcssa", "materialise", "split")
"""Passes that later stages rely on: they cannot be left out."""


@dataclass(frozen=True)
class Step:
    """One differentiation by the arguments with these numbers: mode "reverse", "forward", or "gradient": that
    is reverse mode or what is cheaper.
    """

    mode: str
    argnums: tuple[int, ...]


@dataclass(frozen=True)
class Recipe:
    """What is to be made of a function; part of the key of every specialisation.

    steps            differentiations, in order; none for the primal
    overlap          array arguments may overlap each other
    error_model      "python" (CPython's domain checks) or "numpy" (inf and nan instead)
    fastmath, vector_math, adjoint_reassoc   see `docs/limitations.md`
    mode             "auto": a gradient by one number is its tangent; "reverse": it is an adjoint
    opt_level        of LLVM, 0 to 3
    """

    steps: tuple[Step, ...] = ()
    overlap: bool = False
    error_model: str = "python"
    fastmath: bool = False
    vector_math: bool = True
    adjoint_reassoc: bool = True
    mode: str = "auto"
    opt_level: int = 3

    @property
    def options(self) -> Options:
        return Options(
            vector_math=self.vector_math,
            noalias=not self.overlap,
            opt_level=self.opt_level,
        )


@dataclass
class Artefact:
    """What a stage has made. `text()` is its text; ask before the next stage begins, which works on it in
    place.
    """

    stage: str
    value: Any
    text: Callable[[], str]
    derivative: Derivative | None = None
    """What the main function's parameters and results are, where it is a derivative."""


@dataclass
class Compiled:
    """A function compiled for one signature by one recipe."""

    typed: Typed
    derivative: Derivative
    native: NativeFunction
    parts: tuple[range, ...]
    """For each argument the numbers of the primal's IR parameters that carry it."""
    writes: frozenset[int]
    """The numbers of the primal's IR parameters whose arrays the function may write."""
    assumes: Sizes = ()
    """The lengths without which it is wrong."""


@dataclass
class Trace:
    """What a run of the pipeline tells besides its artefacts: seconds by pass and stage. And what it is to
    leave out: passes, and choices (`analysis/choices.py`).
    """

    seconds: dict[str, float] = field(default_factory=dict)
    disable: Collection[str] = ()
    verify: bool = False
    observer: Callable[[str, Module, bool], None] | None = None

    @property
    def choices(self) -> frozenset[str]:
        """What of `disable` is no pass."""
        return frozenset(self.disable) & CHOICES.keys()


def fill_tables() -> None:
    """Enter the primitives, and the library that is written in Python, where the frontend looks for them."""
    import ssad.primitives  # noqa: F401  (its modules enter what they define)
    from ssad import library
    from ssad.frontend import custom

    custom.LIBRARY.update(library.LIBRARY)
    custom.LOOPS.update(library.LOOPS)
    custom.STOP_GRADIENT.add(library.constant)


def stages(
    fn: Callable[..., Any],
    arguments: Sequence[Abstract],
    recipe: Recipe,
    trace: Trace | None = None,
    typed: Typed | None = None,
    *,
    expect: bool = False,
) -> Iterator[Artefact]:
    """The artefacts of `fn` for arguments of these types, in the order of `STAGES`, then "callable".

    With `typed`, what the stage of that name has made before, the stages up to it are left out. With `expect`
    the code may be for the lengths alone that small array arguments have (`Compiled.assumes`). Raises the
    errors of `ssad.errors` where the function cannot be compiled or differentiated.
    """
    from ssad.backend.native import compile_native
    from ssad.frontend.custom import with_rule
    from ssad.frontend.infer import infer
    from ssad.frontend.lift import lift

    fill_tables()
    trace = trace or Trace()
    for name in trace.disable:
        if name in NEEDED:
            raise UsageError(f"the pass {name} cannot be left out", cure=f"needed are {', '.join(NEEDED)}")
    start = time.perf_counter()

    def timed(stage: str) -> None:
        nonlocal start
        now = time.perf_counter()
        trace.seconds[stage] = now - start
        start = now

    if typed is None:
        fn = with_rule(fn)
        lifted = lift(fn)
        timed("lifted")
        yield Artefact("lifted", lifted, lambda: str(lifted.module))
        typed = infer(fn, arguments, error_model=recipe.error_model, differentiate=_inside(), lifted=[lifted])
        module = typed.module
        timed("typed")
        yield Artefact("typed", typed, lambda: str(module))
    else:
        module = clone_module(typed.module)

    primal, assumes = _optimise(module, recipe, trace, sizes_of(arguments) if expect else ())
    parts = parts_of(arguments)
    writes = written(primal)
    timed("optimised")
    yield Artefact("optimised", module, lambda: str(module))
    derivative = _derive(primal, module, recipe, trace, parts, len(typed.result.parts))
    timed("adjoint")
    yield Artefact("adjoint", module, lambda: str(module), derivative)
    derivative = _refine(derivative, module, recipe, trace)
    timed("refined")
    yield Artefact("refined", module, lambda: str(module), derivative)

    with leaving_out(module, trace.choices):
        native = compile_native(module, recipe.options)
    timed("llvm")
    yield Artefact("llvm", native, lambda: native.llvm_text)
    yield Artefact("asm", native, lambda: native.asm)
    yield Artefact("callable", Compiled(typed, derivative, native, parts, writes, assumes), lambda: repr(fn))


def _optimise(module: Module, recipe: Recipe, trace: Trace, sizes: Sizes) -> tuple[Function, Sizes]:
    """Everything before differentiation: the primal, and the lengths that it assumes."""
    primal = module.main
    _choose_gradients(module, fast=not recipe.steps)
    if recipe.overlap:
        primal.attrs["overlap"] = True
    if not recipe.steps:
        _forget_rules(module)
    if sizes:
        primal.attrs["sizes"] = sizes
    _run(module, OPTIMISE, trace)
    primal.attrs.pop("sizes", None)
    assumes = primal.attrs.pop("assumes", ())
    if recipe.steps:
        from ssad.ad.door import door

        primal = door(primal, module)
        if recipe.overlap:
            primal.attrs["overlap"] = True
    return primal, assumes


def _derive(
    primal: Function, module: Module, recipe: Recipe, trace: Trace, parts: Sequence[range], results: int
) -> Derivative:
    """All differentiations of the recipe, one after the other."""
    derivative = primal_signature(primal)
    for step in recipe.steps:
        if derivative.function is not primal:
            _keep_first(module, derivative.function)
            _run(module, ["inline"], trace)  # rules by hand are code, too
        last = step is recipe.steps[-1]
        with leaving_out(module, trace.choices - {"alias"}):  # which shadow is whose is no matter of choice
            derivative = _differentiate(derivative, module, step, parts, recipe, results, last)
    if recipe.steps:
        _forget_rules(module)
        _keep_first(module, derivative.function)
        _run(module, CLEAN, trace)
    return derivative


def _refine(derivative: Derivative, module: Module, recipe: Recipe, trace: Trace) -> Derivative:
    """Everything between the adjoint, or the primal, and machine code."""
    main = derivative.function
    relax = RELAX if recipe.fastmath else []
    if not recipe.vector_math:
        main.attrs["scalar_math"] = True
    if recipe.steps:
        zero = _zero_at_entry(derivative, recipe)
        main.attrs.update({"zero": zero} if zero else {})
        refine = [one for one in REFINE if one not in REORDER or recipe.adjoint_reassoc]
        _run(module, [*relax, *refine], trace)
        stored = {n for n, _ in zero} - {n for n, _ in main.attrs.pop("zero", ())}
        derivative = replace(derivative, overwritten=frozenset(stored))
    _run(module, [*relax, *FINISH], trace)
    return derivative


def compile_function(
    fn: Callable[..., Any],
    arguments: Sequence[Abstract],
    recipe: Recipe,
    trace: Trace | None = None,
    typed: Typed | None = None,
    *,
    expect: bool = False,
) -> Compiled:
    """`fn`, or the derivative of it that the recipe names, as native code; the rest as for `stages`."""
    for artefact in stages(fn, arguments, recipe, trace, typed, expect=expect):
        if artefact.stage == "callable":
            compiled: Compiled = artefact.value
    return compiled


def stage(
    name: str,
    fn: Callable[..., Any],
    arguments: Sequence[Abstract],
    recipe: Recipe,
    trace: Trace | None = None,
    *,
    expect: bool = False,
) -> Artefact:
    """The artefact of the stage `name`; nothing after it is run. Raises UsageError for an unknown stage."""
    if name not in STAGES:
        raise UsageError(f"there is no stage called {name!r}", cure=f"stages: {', '.join(STAGES)}")
    return next(a for a in stages(fn, arguments, recipe, trace, expect=expect) if a.stage == name)


def written(function: Function) -> frozenset[int]:
    """The numbers of the array parameters that `function` may write."""
    aliases = alias_classes(function)
    arrays = [(n, p) for n, p in enumerate(function.params) if isinstance(p.type, Array)]
    return frozenset(n for n, p in arrays if aliases.of[p].written)


def _run(module: Module, passes: Passes, trace: Trace) -> bool:
    """Run passes; says whether they have changed anything."""
    from ssad.passes.manager import run_passes

    def run(names: Sequence[str]) -> bool:
        return run_passes(
            module,
            names,
            verify=trace.verify,
            disable=trace.disable,
            observer=trace.observer,
            timings=trace.seconds,
        )

    changed = False
    for plain, together in groupby(passes, lambda one: isinstance(one, str)):
        if plain:
            changed |= run([one for one in together if isinstance(one, str)])
        else:
            changed |= any([run(one[:1]) and (run(one[1:]) or True) for one in together])
    return changed


def parts_of(arguments: Sequence[Abstract]) -> tuple[range, ...]:
    """For each argument the numbers of the IR parameters that carry it."""
    ranges: list[range] = []
    start = 0
    for argument in arguments:
        ranges.append(range(start, start + len(argument.parts)))
        start += len(argument.parts)
    return tuple(ranges)


def sizes_of(arguments: Sequence[Abstract]) -> Sizes:
    """The lengths of arguments that are arrays."""
    return tuple(
        (numbers.start, axis, length)
        for argument, numbers in zip(arguments, parts_of(arguments), strict=True)
        if isinstance(argument, ArrayOf)
        for axis, length in enumerate(argument.sizes)
    )


def _differentiate(
    derivative: Derivative,
    module: Module,
    step: Step,
    parts: Sequence[range],
    recipe: Recipe,
    results: int,
    last: bool,
) -> Derivative:
    from ssad.ad.forward import forward
    from ssad.ad.inside import in_place_of_adjoint
    from ssad.ad.preaccumulate import preaccumulate
    from ssad.ad.reverse import reverse

    wanted = {Slot("primal", n) for a in step.argnums for n in parts[a]}
    active = [
        n for n, slot in enumerate(derivative.params) if slot in wanted and _is_float(derivative.function, n)
    ]
    fp = REORDERED if recipe.adjoint_reassoc else ""
    if step.mode == "forward":
        return forward(derivative, module, active, fp=fp)
    primal = derivative.function
    by_tangent = step.mode == "gradient" and recipe.mode == "auto" and not recipe.overlap
    if by_tangent and does(primal, "tangent") and _by_one_number(primal, active, results):
        made = in_place_of_adjoint(primal, active[0], forward(derivative, module, active, fp=fp))
        module.add(made.function)
        return made
    if derivative.params != primal_signature(derivative.function).params:
        raise DifferentiationError(
            "reverse mode of a derivative is not done", cure="use forward over reverse"
        )
    if last and step.mode == "gradient" and recipe.mode == "auto" and does(primal, "preaccumulate"):
        preaccumulate(primal, module, active, fp)
    return reverse(primal, module, active, fp=fp, seeded=results)


def _by_one_number(primal: Function, active: Sequence[int], results: int) -> bool:
    """Whether one float is differentiated by one number, so that one tangent says it all. (Tangents of arrays
    that overlap would have to overlap as these do: the adjoint leaves that to the caller.)
    """
    floats = [n for n, kind in enumerate(primal.result_types[:results]) if has_derivative(kind)]
    numbers = [n for n in active if isinstance(primal.params[n].type, Scalar)]
    return floats == [0] and len(numbers) == len(active) == 1 and not has_companion(primal.result_types[0])


def _zero_at_entry(derivative: Derivative, recipe: Recipe) -> tuple[tuple[int, int], ...]:
    """The parameters of a gradient that are zero on entry, each with one that has the same shape."""
    if recipe.steps[-1].mode != "gradient" or recipe.overlap:
        return ()  # they are seeds, or lie in one memory
    at = {slot: n for n, slot in enumerate(derivative.params)}
    params = derivative.function.params
    shadows = [(n, slot) for slot, n in at.items() if slot.kind == "shadow" and not slot.tangent]
    return tuple(
        (n, at[Slot("primal", slot.index)]) for n, slot in shadows if isinstance(params[n].type, Array)
    )


def _inside() -> Differentiate:
    from ssad.frontend.engine import Differentiate

    return Differentiate(_tangent_inside, _gradient_inside)


def _choose_gradients(module: Module, fast: bool) -> None:
    """Gradients called inside run their adjoint, unless they are differentiated themselves."""
    for function in module.functions.values():
        for op in function.ops():
            if op.name == "call" and "fast" in op.attrs:
                name = op.attrs.pop("fast")
                op.attrs["callee"] = name if fast else op.attrs["callee"]


def _gradient_inside(
    module: Module, function: Function, active: tuple[int, ...], tangent: Callable[[int], Tangent]
) -> tuple[str, str]:
    """Enter the gradients of `function` by some of its parameters into the module (see ad/inside.py)."""
    from ssad.ad.inside import by_adjoint, by_tangents
    from ssad.ad.reverse import reverse

    work = _apart(module, function)
    primal = work.main
    if written(primal):
        cause = f"{function.name} writes into arrays: its derivatives by arrays are not compiled inside"
        raise UnsupportedError(cause, function.loc, "write into a copy", "SSAD0150")
    made = reverse(primal, work, active)
    _forget_rules(work)
    _keep_first(work, made.function)
    _run(work, [*CLEAN, *REFINE], Trace())
    _refuse_recursion(made.function, function)
    for block in made.function.blocks:  # from here on it is a function like any other
        block.sweep, block.reverses, block.mirrors = "", None, None
    module.add(made.function)

    def spelled(n: int) -> tuple[str, tuple[tuple[int, bool], ...]]:
        found = tangent(n)
        return found.callee, found.params

    slow = module.add(by_tangents(function, active, spelled))
    fast = module.add(by_adjoint(function, active, made))
    return slow.name, fast.name


def _apart(module: Module, function: Function) -> Module:
    """A module of its own for a function whose derivative is called inside, optimised."""
    work = Module()
    work.objects = module.objects
    _copy_reachable(module, function, work)
    _choose_gradients(work, fast=False)
    _run(work, OPTIMISE, Trace())
    return work


def _refuse_recursion(made: Function, function: Function) -> None:
    if any(op.name == "call" for op in made.ops()):
        cause = f"{function.name} calls itself: its derivative is not compiled inside a function"
        raise UnsupportedError(cause, function.loc, "take the gradient outside", "SSAD0150")


def _tangent_inside(module: Module, function: Function, active: int) -> Tangent:
    """Enter the tangent of `function` by one of its parameters, a number, into the module."""
    from ssad.ad.forward import forward
    from ssad.frontend.engine import Tangent

    work = _apart(module, function)
    made = forward(primal_signature(work.main), work, [active])
    _forget_rules(work)
    _keep_first(work, made.function)
    _run(work, ["inline"], Trace())
    _refuse_recursion(made.function, function)
    params = tuple((slot.index, slot.tangent) for slot in made.params)
    return Tangent(module.add(made.function).name, params, bool(written(made.function)))


def _copy_reachable(module: Module, function: Function, to: Module) -> None:
    """Copies of `function`, first, and of all that its calls and their rules name."""
    if function.name in to.functions:
        return
    copy, _ = clone_function(function)
    to.functions[copy.name] = copy
    for op in list(copy.ops()):
        for key in ("callee", "vjp"):
            if op.name == "call" and key in op.attrs:
                _copy_reachable(module, module.functions[op.attrs[key]], to)


def _is_float(function: Function, number: int) -> bool:
    """Whether a parameter is a float or an array of floats; a tree has others, too."""
    kind = function.params[number].type
    return kind.elem.is_float if isinstance(kind, Array) else kind.is_float


def _keep_first(module: Module, function: Function) -> None:
    """Make `function` the module's main one and drop what no call or rule names."""
    module.functions = {name: module.functions[name] for name in reachable(module, [function.name])}


def _forget_rules(module: Module) -> None:
    """Rules by hand have been used, or are not wanted: what is left are plain calls, to be inlined."""
    for function in module.functions.values():
        for op in function.ops():
            op.attrs.pop("vjp", None)

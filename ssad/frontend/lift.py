"""From a Python function to lifted IR: SSA over objects, every op a `py.*` primitive (docs/ir.md)."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import CellType, CodeType, FunctionType

import ssad.primitives  # noqa: F401  (the py.* primitives)
from ssad.errors import UnsupportedError
from ssad.frontend import closures
from ssad.frontend.attempts import drop_dead_params, simplify_attempts
from ssad.frontend.bytecode import decode
from ssad.frontend.cfg import CodeBlock, blocks_of
from ssad.frontend.frame import Frame, is_generator
from ssad.frontend.opcodes import HANDLERS
from ssad.frontend.refusals import UNDEFINED, describe_uncompilable, location, refusal, refusal_of_code
from ssad.frontend.sinking import sink
from ssad.frontend.suspension import RESULT, dispatch, forget_results, forget_unread
from ssad.ir.core import Edge, Function, Location, Module, Op, Terminator, Value
from ssad.ir.edit import prune_params, remove_unreachable, replace_values
from ssad.ir.types import OBJECT

REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True)
class Param:
    """A parameter: its name, its kind, and its default (`REQUIRED` where it has none).

    `kind` is "positional" (by name too), "positional only", "keyword", "star" (`*args`) or "double star"
    (`**kwargs`).
    """

    name: str
    kind: str
    default: object = REQUIRED


@dataclass(frozen=True)
class Lifted:
    """A function lifted, with what is needed to give its ops a meaning.

    `module` holds `function` alone, and the objects that its constants name. `fn` is None for an inner
    function: its defaults and captured values come from the `py.function` op that makes it.
    """

    function: Function
    module: Module
    code: CodeType
    params: tuple[Param, ...]
    fn: FunctionType | None = None
    globals: Mapping[str, object] = field(default_factory=dict)
    cells: Mapping[str, CellType] = field(default_factory=dict)

    @property
    def generator(self) -> bool:
        """Whether a call makes a generator; `function` goes on in one, up to the next `yield`."""
        return is_generator(self.code)

    @property
    def returns(self) -> bool:
        """Whether a generator returns something."""
        return any(op.name == "py.frame_store" and op.attrs["name"] == RESULT for op in self.function.ops())

    def global_object(self, name: str, place: Location | None = None) -> object:
        """What the global or builtin `name` is now. Raises UnsupportedError where there is none."""
        if name in self.globals:
            return self.globals[name]
        scope = self.globals.get("__builtins__", builtins)
        table = scope if isinstance(scope, dict) else vars(scope)
        if name not in table:
            raise UnsupportedError(
                f"the name {name} is not defined", place, f"define or import {name} first", UNDEFINED
            )
        return table[name]

    def free_object(self, name: str, place: Location | None = None) -> object:
        """What the closure variable `name` is now. Raises UnsupportedError where it has no value."""
        try:
            return self.cells[name].cell_contents
        except (KeyError, ValueError):
            raise UnsupportedError(
                f"the variable {name} of an enclosing function has no value",
                place,
                f"assign {name} before the function is compiled",
                UNDEFINED,
            ) from None


def lift(fn: object) -> Lifted:
    """Lift a plain Python function. Raises UnsupportedError for anything else and what is not compiled."""
    if not isinstance(fn, FunctionType):
        raise describe_uncompilable(fn)
    cells = dict(zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True))
    return _lift(
        fn.__code__, _params(fn.__code__, fn.__defaults__, fn.__kwdefaults__), fn, fn.__globals__, cells
    )


def lift_code(code: CodeType, globals: Mapping[str, object]) -> Lifted:
    """Lift the code of an inner function; its free variables and defaults are for the caller to supply."""
    return _lift(code, _params(code, None, None), None, globals, {})


def _params(
    code: CodeType, defaults: Sequence[object] | None, keyword_defaults: Mapping[str, object] | None
) -> tuple[Param, ...]:
    positional = code.co_varnames[: code.co_argcount]
    keyword = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    defaults = tuple(defaults or ())
    known = dict(zip(positional[len(positional) - len(defaults) :], defaults, strict=True))
    known.update(keyword_defaults or {})
    kinds = ["positional only"] * code.co_posonlyargcount
    kinds += ["positional"] * (code.co_argcount - code.co_posonlyargcount) + ["keyword"] * len(keyword)
    kinds += ["star"] * bool(code.co_flags & inspect.CO_VARARGS)
    kinds += ["double star"] * bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return tuple(
        Param(name, kind, known.get(name, REQUIRED))
        for name, kind in zip(code.co_varnames[: len(kinds)], kinds, strict=True)
    )


def _lift(
    code: CodeType,
    params: tuple[Param, ...],
    fn: FunctionType | None,
    globals: Mapping[str, object],
    cells: Mapping[str, CellType],
) -> Lifted:
    error = refusal_of_code(code)
    if error is not None:
        raise error
    blocks = blocks_of(decode(code))
    _refuse_constructs(code, blocks)
    module = Module()
    place = Location(code.co_filename, code.co_qualname, code.co_firstlineno)
    function = Function(code.co_name.strip("<>"), place)
    function.result_types = [OBJECT]
    frame = _run(code, function, module, blocks, [param.name for param in params], fn is None)
    function.entry.ops[:0] = frame.unbound.values()
    prune_params(function, frame.ssa.forwarded)
    if frame.generator is None:
        settle_checks(function, maybe_unbound(function))
    simplify_attempts(function)
    drop_dead_params(function)
    if frame.cells:
        sink(function, module.objects, closures.assigned_inside(code))
    drop_unused(function)
    module.add(function)
    return Lifted(function, module, code, params, fn, globals, cells)


def _refuse_constructs(code: CodeType, blocks: Sequence[CodeBlock]) -> None:
    """Raise UnsupportedError for the first reachable construct that is not compiled."""
    refused = [at for block in blocks for at in block.instructions if at.op == "refuse"]
    if refused:
        first = min(refused, key=lambda at: at.offset)
        raise refusal(first.arg, location(code, first.position))


def _run(
    code: CodeType,
    function: Function,
    module: Module,
    blocks: Sequence[CodeBlock],
    params: Sequence[str],
    inner: bool,
) -> Frame:
    """Run every block symbolically, each after those that lead to it, and name them."""
    frame = Frame(code, function, module, blocks, inner)
    frame.builder.loc = function.loc
    if frame.generator is not None:
        params = ()  # they lie in its memory
    given = {name: function.entry.add_param(OBJECT, name) for name in params}
    for name, value in given.items():
        frame.ssa.write(("local", name), function.entry, value)
    frame.groups = closures.groups(code, blocks)
    shared = closures.cell_variables(code, blocks)
    if frame.generator is not None and shared:
        raise frame.refuse("generator_cell")
    for name in shared:
        initial = [given[name]] if name in given else []
        frame.cells[name] = frame.emit("py.cell", *initial, name=name, hint=name)
    for block in blocks:
        frame.enter(block)
        for at in block.instructions:
            frame.go_to(at)
            HANDLERS[at.op](frame, at)
        if len(block.successors) == 1:
            target = frame.blocks[block.successors[0]]
            frame.leave(Terminator("jump", [], [Edge(target)], None, frame.builder.loc))
    _name_blocks(blocks, frame)
    if frame.generator is not None:
        yields = [(block, frame.blocks[behind]) for block, behind in frame.yields]
        forget_results(function)
        forget_unread(function)
        dispatch(function, frame.generator, frame.blocks[blocks[0]], yields)
        remove_unreachable(function)
    return frame


def _name_blocks(blocks: Sequence[CodeBlock], frame: Frame) -> None:
    """Give each block the name of its part: a loop, its body, what comes after, then, else."""
    frame.function.entry.name = "entry"
    handlers = {block.caught_by for block in blocks}
    for block in blocks:
        if len(block.successors) < 2:
            continue
        ways = ("body", "exit") if block.instructions[-1].op == "for_iter" else ("then", "else")
        for successor, name in zip(block.successors, ways, strict=True):
            if not frame.blocks[successor].name:
                frame.blocks[successor].name = name
    for block in blocks:
        if block.loop:
            frame.blocks[block].name = "loop"
        elif block in handlers:
            frame.blocks[block].name = "handler"
        elif block.predecessors > 1:
            frame.blocks[block].name = "join"


def settle_checks(function: Function, maybe: set[Value]) -> None:
    """Remove the checks of locals that are bound on every way: all but those of `maybe` values."""
    bound: dict[Value, Value] = {}
    for block in function.blocks:
        kept: list[Op] = []
        for op in block.ops:
            if op.prim.name == "py.check_bound" and op.operands[0] not in maybe:
                assert op.result is not None
                bound[op.result] = op.operands[0]
            else:
                kept.append(op)
        block.ops = kept
    if bound:
        replace_values(function, bound)
        prune_params(function)


def maybe_unbound(function: Function) -> set[Value]:
    """The values that something unbound can reach through block parameters."""
    flows: dict[Value, list[Value]] = {}
    for block in function.blocks:
        for edge in block.term.edges:
            for param, arg in zip(edge.target.params, edge.args, strict=True):
                flows.setdefault(arg, []).append(param)
    work = [op.result for op in function.ops() if op.prim.name == "py.unbound" and op.result is not None]
    maybe = set(work)
    while work:
        fresh = [param for param in flows.get(work.pop(), ()) if param not in maybe]
        maybe.update(fresh)
        work.extend(fresh)
    return maybe


_IDLE = frozenset(
    (
        "py.const",
        "py.dict",
        "py.tuple",
        "py.unbound",
        "py.next_index",
        "py.function",
        "py.narrow",
        "py.present",
        "py.delegated",
    )
)


def drop_unused(function: Function) -> None:
    """Remove the literals, tuples and functions that nothing uses."""
    used: dict[Value, int] = {}
    for block in function.blocks:
        for op in block.ops:
            for value in op.operands:
                used[value] = used.get(value, 0) + 1
        for value in (*block.term.operands, *(arg for edge in block.term.edges for arg in edge.args)):
            used[value] = used.get(value, 0) + 1
    for block in reversed(function.blocks):
        kept: list[Op] = []
        for op in reversed(block.ops):
            if op.prim.name in _IDLE and op.result is not None and not used.get(op.result):
                for value in op.operands:
                    used[value] -= 1
                continue
            kept.append(op)
        kept.reverse()
        block.ops = kept
    function.touch()


__all__ = ["REQUIRED", "Lifted", "Param", "lift", "lift_code"]

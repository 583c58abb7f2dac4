"""One handler per canonical operation: what it does to the stack, and the `py.*` ops it emits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ssad.frontend import closures, displays, handled, matching, strings
from ssad.frontend.comprehensions import spelled
from ssad.frontend.frame import NULL, Frame
from ssad.frontend.instruction import Instruction
from ssad.frontend.suspension import FINISHED, RESULT, STATE, VALUE
from ssad.ir.core import Block, Edge, Op, Value, branch, return_

Handler = Callable[[Frame, Instruction], None]
HANDLERS: dict[str, Handler] = {
    "tuple": displays.tuple_,
    "list": displays.list_,
    "lazy_list": displays.lazy_list,
    "append": displays.append,
    "extend": displays.extend,
    "list_to_tuple": displays.list_to_tuple,
    "map": displays.map_,
    "const_map": displays.const_map,
    "merge": displays.merge,
    "update_map": displays.update_map,
    "unpack": displays.unpack,
    "unpack_star": displays.unpack_star,
    "string": strings.join,
    "convert": strings.convert,
    "format": strings.format_simple,
    "format_spec": strings.format_spec,
    "function": closures.function,
    "closure": closures.closure,
    "store_cell": closures.store_cell,
    "delete_cell": closures.store_cell,
    "push_handled": handled.push_handled,
    "pop_handled": handled.pop_handled,
    "matches": handled.matches,
    "enter": handled.enter,
    "special": handled.special,
    "with_except": handled.with_except,
    "raise": handled.raise_,
    "reraise": handled.reraise,
    "get_length": matching.get_length,
    "match_kind": matching.match_kind,
    "match_keys": matching.match_keys,
    "match_class": matching.match_class,
}


def handles(*names: str) -> Callable[[Handler], Handler]:
    """Enter the decorated function as the handler of these operations."""

    def enter(handler: Handler) -> Handler:
        for name in names:
            HANDLERS[name] = handler
        return handler

    return enter


@handles("nop")
def nop(frame: Frame, at: Instruction) -> None:
    pass


@handles("refuse")
def refuse(frame: Frame, at: Instruction) -> None:
    raise frame.refuse(at.arg)


# constants, variables, attributes


@handles("const")
def const(frame: Frame, at: Instruction) -> None:
    frame.push(constant(frame, at.arg))


def constant(frame: Frame, value: Any) -> Value:
    """Emit a literal; tuples and slices are built from their parts, other objects are named in the module."""
    if isinstance(value, tuple):
        return frame.emit("py.tuple", *[constant(frame, element) for element in value])
    if isinstance(value, slice):
        bounds = [value.start, value.stop] if value.step is None else [value.start, value.stop, value.step]
        return frame.emit("py.slice", *[constant(frame, bound) for bound in bounds])
    if value is None or isinstance(value, (bool, int, float, str)):
        return frame.emit("py.const", value=value)
    return frame.emit("py.const", object=closures.named_object(frame, value))


@handles("load", "load_cell")
def load(frame: Frame, at: Instruction) -> None:
    """Push a local; where something unbound may reach it, say so, and let `lift.settle_checks` find out."""
    if at.op == "load_cell" and at.arg in frame.free:
        if frame.generator is not None and at.arg in frame.captures:
            frame.push(frame.emit("py.frame_free", frame.generator, name=at.arg, hint=at.arg))
            return
        frame.push(frame.emit("py.free", name=at.arg, hint=at.arg))
        return
    if at.arg in frame.cells:
        frame.push(frame.emit("py.cell_load", frame.cells[at.arg], name=at.arg, hint=at.arg))
        return
    value = frame.read(("local", at.arg))
    if frame.generator is not None:
        frame.push(value)
        if at.arg == ".0":  # what a generator expression goes through
            frame.write(("counter", len(frame.stack) - 1), frame.emit("py.const", value=0, hint="k"))
        return
    maybe = isinstance(value.owner, Block) and value.owner is not frame.function.entry
    if maybe or frame.producer(value, "py.unbound") is not None:
        name = spelled(at.arg)
        value = frame.emit("py.check_bound", value, name=name, hint=name)
    frame.push(value)


@handles("store")
def store(frame: Frame, at: Instruction) -> None:
    value = frame.pop()
    if frame.generator is not None and _only_to_be_deleted(frame, at, value):
        return
    value.name = value.name or spelled(at.arg)
    cell = closures.cell_of(frame, at.arg)
    if cell is not None:
        frame.emit("py.cell_store", cell, value, name=at.arg)
        return
    frame.write(("local", at.arg), value)


def _only_to_be_deleted(frame: Frame, at: Instruction, value: Value) -> bool:
    """Whether this is the None that `except E as e` assigns to `e` before it deletes `e`: nobody reads it."""
    if frame.producer(value, "py.const") is None:
        return False
    here = frame.at.instructions
    following = here[next(n for n, each in enumerate(here) if each is at) + 1 :]
    if not following and len(frame.at.successors) == 1:
        following = frame.at.successors[0].instructions
    return bool(following) and following[0].op == "delete" and following[0].arg == at.arg


@handles("delete")
def delete(frame: Frame, at: Instruction) -> None:
    load(frame, at)
    frame.pop()
    frame.push(frame.emit("py.unbound", name=at.arg, hint=at.arg))
    store(frame, at)


@handles("global")
def load_global(frame: Frame, at: Instruction) -> None:
    frame.push(frame.emit("py.global", name=at.arg, hint=at.arg))


@handles("store_global")
def store_global(frame: Frame, at: Instruction) -> None:
    raise frame.refuse("global_store")


@handles("attr")
def attr(frame: Frame, at: Instruction) -> None:
    frame.push(frame.emit("py.getattr", frame.pop(), name=at.arg, hint=at.arg))


@handles("store_attr")
def store_attr(frame: Frame, at: Instruction) -> None:
    value, owner = frame.pop_many(2)
    frame.emit("py.setattr", owner, value, name=at.arg)


@handles("import_name")
def import_name(frame: Frame, at: Instruction) -> None:
    """`import a.b` gives `a`, `from a.b import c` gives `a.b`, with `c` imported where it is a module."""
    level, wanted = frame.pop_many(2)
    count = frame.producer(level, "py.const")
    names = frame.producer(wanted, "py.tuple")
    assert count is not None
    items = () if names is None else tuple(displays.literal(frame, name) for name in names.operands)
    frame.push(frame.emit("py.import", name=at.arg, level=count.attrs["value"], names=items, hint=at.arg))


# the stack itself


@handles("null")
def null(frame: Frame, at: Instruction) -> None:
    frame.push(NULL)


@handles("pop")
def pop(frame: Frame, at: Instruction) -> None:
    frame.stack.pop()


@handles("copy")
def copy(frame: Frame, at: Instruction) -> None:
    frame.push(frame.stack[-at.arg])


@handles("swap")
def swap(frame: Frame, at: Instruction) -> None:
    stack, n = frame.stack, at.arg
    stack[-1], stack[-n] = stack[-n], stack[-1]


# operators


@handles("binary")
def binary(frame: Frame, at: Instruction) -> None:
    a, b = frame.pop_many(2)
    inplace = at.arg.endswith("=")
    frame.push(frame.emit("py.binary", a, b, op=at.arg.removesuffix("="), inplace=inplace))


@handles("unary")
def unary(frame: Frame, at: Instruction) -> None:
    frame.push(frame.emit("py.unary", frame.pop(), op=at.arg))


@handles("truth")
def truth(frame: Frame, at: Instruction) -> None:
    frame.push(frame.emit("py.unary", frame.emit("py.unary", frame.pop(), op="not"), op="not"))


@handles("compare")
def compare(frame: Frame, at: Instruction) -> None:
    a, b = frame.pop_many(2)
    frame.push(frame.emit("py.compare", a, b, op=at.arg))


@handles("subscript")
def subscript(frame: Frame, at: Instruction) -> None:
    container, index = frame.pop_many(2)
    frame.push(frame.emit("py.getitem", container, index))


@handles("store_subscript")
def store_subscript(frame: Frame, at: Instruction) -> None:
    value, container, index = frame.pop_many(3)
    frame.emit("py.setitem", container, index, value)


@handles("delete_subscript")
def delete_subscript(frame: Frame, at: Instruction) -> None:
    container, index = frame.pop_many(2)
    frame.emit("py.delitem", container, index)


@handles("map_add")
def map_add(frame: Frame, at: Instruction) -> None:
    """One more item for the dict of a comprehension, which lies below its iterator."""
    key, value = frame.pop_many(2)
    target = frame.stack[-at.arg]
    assert isinstance(target, Value)
    frame.emit("py.setitem", target, key, value)


@handles("slice")
def slice_(frame: Frame, at: Instruction) -> None:
    frame.push(frame.emit("py.slice", *frame.pop_many(at.arg)))


# calls


@handles("call")
def call(frame: Frame, at: Instruction) -> None:
    """The callee lies below the arguments, with a null beside it, or alone with its first argument above."""
    count, keywords = at.arg
    arguments = frame.pop_many(count)
    callee, receiver = _callee(frame)
    named = frame.producer(callee, "py.global")
    if named is not None and named.attrs["name"] == "super" and "__class__" in frame.free and not count:
        frame.withdraw(named)
        _super(frame)
        return
    frame.push(frame.emit("py.call", callee, *receiver, *arguments, keywords=tuple(keywords)))


@handles("super")
def super_(frame: Frame, at: Instruction) -> None:
    """`super()` in one opcode: the builtin, the class and self are on the stack."""
    for value in frame.pop_many(3):
        if isinstance(value.owner, Op) and value.owner.prim.name in ("py.global", "py.free"):
            frame.withdraw(value.owner)
    _super(frame)


def _super(frame: Frame) -> None:
    name = frame.code.co_varnames[0]
    cell = closures.cell_of(frame, name)
    self = (
        frame.read(("local", name))
        if cell is None
        else frame.emit("py.cell_load", cell, name=name, hint=name)
    )
    frame.push(frame.emit("py.super", self))


def _callee(frame: Frame) -> tuple[Value, list[Value]]:
    """Pop what is called, and self, if it has one."""
    second = frame.stack.pop()
    first = frame.stack.pop()
    receiver: list[Value] = []
    if first is NULL:
        first = second
    elif second is not NULL:
        frame.push(second)
        receiver.append(frame.pop())
    frame.push(first)
    return frame.pop(), receiver


@handles("call_star")
def call_star(frame: Frame, at: Instruction) -> None:
    """As `call`, with the arguments in a sequence, and a dict or null on top of it."""
    named = frame.stack.pop()
    keywords: list[Value] = []
    if named is not NULL:
        frame.push(named)
        keywords.append(frame.pop())
    arguments = frame.pop()
    callee, receiver = _callee(frame)
    assert not receiver  # no version has a method's self beside a sequence
    frame.push(frame.emit("py.call_star", callee, arguments, *keywords))


@handles("assertion")
def assertion(frame: Frame, at: Instruction) -> None:
    frame.push(frame.emit("py.assertion"))


@handles("consumed")
def consumed(frame: Frame, at: Instruction) -> None:
    """A generator expression has been gone through as far as `any` or `all` does: if it is that function."""
    answer = frame.pop()
    callee = next(entry for entry in (frame.stack.pop(), frame.stack.pop()) if entry is not NULL)
    frame.push(callee)
    frame.emit("py.builtin", frame.pop(), name=at.arg)
    frame.push(answer)


# control


@handles("iter")
def iter_(frame: Frame, at: Instruction) -> None:
    """The iterator, and the counter that belongs to its place on the stack."""
    frame.push(frame.emit("py.iter", frame.pop()))
    frame.write(("counter", len(frame.stack) - 1), frame.emit("py.const", value=0, hint="k"))


@handles("start_loop")
def start_loop(frame: Frame, at: Instruction) -> None:
    frame.stack[-1], frame.stack[-2] = frame.stack[-2], frame.stack[-1]
    frame.write(("counter", len(frame.stack) - 1), frame.emit("py.const", value=0, hint="k"))


def _iteration(frame: Frame) -> tuple[Value, Value]:
    iterator = frame.stack[-1]
    assert isinstance(iterator, Value)
    return iterator, frame.read(("counter", len(frame.stack) - 1))


@handles("for_iter")
def for_iter(frame: Frame, at: Instruction) -> None:
    iterator, k = _iteration(frame)
    more = frame.emit("py.iter_more", iterator, k, hint="more")
    _branch(frame, more, drop=(0, 1))


@handles("next_item")
def next_item(frame: Frame, at: Instruction) -> None:
    iterator, k = _iteration(frame)
    item = frame.emit("py.iter_item", iterator, k)
    frame.write(("counter", len(frame.stack) - 1), frame.emit("py.next_index", k, hint="k"))
    frame.push(item)


@handles("branch")
def branch_(frame: Frame, at: Instruction) -> None:
    condition = frame.pop()
    handled.tested(frame, condition)
    _branch(frame, frame.emit("py.truth", condition, negate=False))


@handles("branch_none")
def branch_none(frame: Frame, at: Instruction) -> None:
    none = frame.emit("py.const", value=None)
    same = frame.emit("py.compare", frame.pop(), none, op="is")
    tested = frame.at.instructions[-2] if len(frame.at.instructions) > 1 else at
    local = tested.op == "load" and tested.arg not in frame.cells
    _branch(frame, frame.emit("py.truth", same, negate=False), present=tested.arg if local else "")


def _branch(frame: Frame, condition: Value, drop: tuple[int, int] = (0, 0), present: str = "") -> None:
    then, other = (Edge(frame.blocks[successor]) for successor in frame.at.successors)
    frame.leave(branch(condition, then, other, frame.loc), drop, present)


@handles("begin_generator")
def begin_generator(frame: Frame, at: Instruction) -> None:
    """What the caller of a generator function gets; the function itself goes on without."""
    frame.push(NULL)


@handles("yield")
def yield_(frame: Frame, at: Instruction) -> None:
    """Keep the value for who goes through the generator; what comes back is None."""
    if not frame.at.ends_quietly:
        raise frame.refuse("generator_try")
    frame.write(("local", VALUE), frame.pop())
    frame.push(frame.emit("py.const", value=None))
    frame.yields.append((frame.block, frame.at.successors[0]))


@handles("delegate")
def delegate(frame: Frame, at: Instruction) -> None:
    """A `yield from` begins: its iterator, and below it once more for the result."""
    frame.push(frame.stack[-1])
    frame.write(("counter", len(frame.stack) - 1), frame.emit("py.const", value=0, hint="k"))


@handles("delegated")
def delegated(frame: Frame, at: Instruction) -> None:
    """What the generator of a `yield from` has returned."""
    frame.push(frame.emit("py.delegated", frame.pop()))


@handles("return")
def return_value(frame: Frame, at: Instruction) -> None:
    value = frame.pop()
    if frame.generator is not None:
        frame.write(("local", RESULT), value)
        frame.write(("local", STATE), frame.emit("py.const", value=FINISHED))
        value = frame.emit("py.const", value=False)
    frame.leave(return_([value], frame.loc))

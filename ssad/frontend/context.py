"""What a handler works with: representations of Python values, and a context that emits, checks, casts and
selects.

The same handlers run twice: to find types (the builder stores nothing) and to write typed IR. Emission folds
constants on the way, so a handler says every check it needs and the ones that hold at compile time vanish.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ssad.frontend.abstract import (
    MIXED,
    NUMPY,
    PYTHON,
    SCALARS,
    Abstract,
    ArrayOf,
    ComplexArrayOf,
    ComplexOf,
    Compound,
    Exceptional,
    Known,
    MaybeNone,
    MaybeUnbound,
    Number,
    ObjectOf,
    OneOf,
    Several,
    TupleOf,
    Unbound,
    is_none,
    number,
)
from ssad.frontend.codes import untypable
from ssad.frontend.folding import fold
from ssad.frontend.joins import NoJoin, join, sort_of
from ssad.frontend.python_errors import NOT_PYTHONS
from ssad.ir.core import Block, Const, Edge, Function, Location, Op, Terminator, Undef, Value, bool_, branch
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.types import BOOL, F64, I64, Scalar, Type

if TYPE_CHECKING:
    from ssad.frontend.captures import Capture
    from ssad.frontend.engine import Engine, Instance
    from ssad.frontend.places import Place

TRUE, FALSE = bool_(True), bool_(False)


class Rep:
    """A Python value in the compiled program: what is known of it, and the IR values of its parts."""

    __slots__ = ("abstract", "parts")

    def __init__(self, abstract: Abstract, parts: Sequence[Value] = ()) -> None:
        self.abstract = abstract
        self.parts = tuple(parts)

    def items(self) -> list[Rep]:
        """The values inside a compound one."""
        reps, at = [], 0
        for item in self.abstract.children():
            width = len(item.parts)
            reps.append(Rep(item, self.parts[at : at + width]))
            at += width
        return reps

    def __repr__(self) -> str:
        return f"<{self.abstract}: {self.parts}>"


class Gone(Exception):
    """Control does not get here: what was called always raises, and says so itself."""


NEVER_RETURNS = "a function has returned that never does"
"""What is said where control gets all the same."""


@dataclass(frozen=True)
class Cause:
    """What an exception is raised from: name, message and payload of another one."""

    exc: str
    message: Any
    payload: Sequence[Value]


class Dead(Exception):
    """A check was found to fail whenever it is reached: the block ends here with a raise."""

    def __init__(self, exc: str, message: Any, payload: Sequence[Value], cause: Cause | None = None) -> None:
        super().__init__(exc)
        self.exc = exc
        self.message = message
        self.payload = list(payload)
        self.cause = cause

    def terminator(self, loc: Location | None) -> Terminator:
        """The `raise` that leaves the function."""
        attrs: dict[str, Any] = {"exc": self.exc}
        if self.message is not None:
            attrs["message"] = self.message
        if self.cause is None:
            return Terminator("raise", self.payload, [], attrs, loc)
        attrs |= {"cause": self.cause.exc, "cause_at": len(self.payload)}
        if self.cause.message is not None:
            attrs["cause_message"] = self.cause.message
        return Terminator("raise", [*self.payload, *self.cause.payload], [], attrs, loc)


def known(obj: Any) -> Rep:
    """The representation of an object or number known at compile time."""
    if type(obj) in (bool, int, float) or (isinstance(obj, np.generic) and obj.dtype in SCALARS):
        abstract = number(obj)
        if isinstance(abstract, Number):
            return Rep(abstract, [Const(abstract.type, abstract.constant)])
        return Rep(abstract)
    if type(obj) in (complex, np.complex128):
        flavour = PYTHON if type(obj) is complex else NUMPY
        numbers = [Number(F64, flavour, float(part)) for part in (obj.real, obj.imag)]
        return Rep(ComplexOf(numbers), [Const(F64, number.constant) for number in numbers])
    if type(obj) is tuple:
        return compound(TupleOf, [known(item) for item in obj])
    return Rep(Known(obj))


def compound(kind: type[Compound], items: Sequence[Rep], tag: Any = None) -> Rep:
    """A compound value made of `items`."""
    return Rep(kind([item.abstract for item in items], tag), [part for item in items for part in item.parts])


def scalar(value: Value, flag: Value = FALSE, numpy_type: Scalar | None = None) -> Rep:
    """A number: the value, and the bool that says whether it is NumPy's, then of `numpy_type`."""
    assert isinstance(value.type, Scalar), value.type
    constant = value.value if isinstance(value, Const) else None
    if isinstance(flag, Const):
        return Rep(Number(value.type, NUMPY if flag.value else PYTHON, constant), [value])
    return Rep(Number(value.type, MIXED, None, numpy_type), [value, flag])


def flag_of(rep: Rep) -> Value:
    """The bool that says whether a number is NumPy's."""
    number = rep.abstract
    assert isinstance(number, Number)
    if number.flavour is MIXED:
        return rep.parts[1]
    return TRUE if number.flavour is NUMPY else FALSE


@dataclass(frozen=True)
class Deriving:
    """A call that is to be differentiated: by which arguments, all that it gives (`positional` of them by
    position), each known by its identity.
    """

    numbers: tuple[int, ...]
    explicit: Sequence[Rep]
    positional: int


class Context:
    """One pass over one function of the lifted IR; `block` is None while only types are wanted.

    Then `raised` gathers what the block at hand may raise; when IR is written, `handler` gives the edge along
    which an exception leaves it (None: it leaves the function).
    """

    def __init__(self, engine: Engine, instance: Instance | None) -> None:
        self.engine = engine
        self.instance = instance
        self.python_errors = engine.error_model == "python"
        self.block: Block | None = None
        self.function: Function | None = None
        self.loc: Location | None = None
        self.op: Op | None = None
        self.made = 0
        self.assumption: Value = TRUE
        self.deriving: Deriving | None = None
        self.env: dict[Value, Rep] = {}
        self.free_values: dict[str, Rep] = {}
        self.capture_values: dict[tuple[Any, ...], Rep] = {}
        self.raised: list[Rep] = []
        self.handler: Callable[[Context, Rep], Edge] | None = None

    def begin(self, op: Op) -> None:
        """What is emitted from now on stands for `op` of the lifted function."""
        self.op, self.loc, self.made = op, op.loc, 0

    def new_place(self) -> Place:
        """The place of the next list that the op at hand makes."""
        assert self.instance is not None and self.op is not None
        self.made += 1
        return self.engine.place(self.op, self.instance, self.made)

    def capture(self, capture: Capture) -> Rep:
        """An array from outside: a hidden parameter of this function."""
        key = capture.origin.key()
        if self.instance is not None:
            self.instance.captures.setdefault(key, capture)
        if self.block is None and key not in self.capture_values:
            self.capture_values[key] = Rep(capture.abstract, [Value(part) for part in capture.abstract.parts])
        return self.capture_values[key]

    def emit(self, name: str, *operands: Value, hint: str = "", **attrs: Any) -> Value:
        """The result of primitive `name`; a constant if the operands are and it is folded here."""
        folded = fold(name, operands, attrs)
        if folded is not None:
            return folded
        prim = PRIMITIVES[name]
        result_type = prim.type_rule([v.type for v in operands], attrs)
        if self.block is None:
            return Value(result_type) if result_type is not None else TRUE
        op = Op(prim, list(operands), attrs, result_type, self.loc, hint)
        self.block.ops.append(op)
        return op.result if op.result is not None else TRUE

    def check(self, ok: Value, exc: str, message: Any, *payload: Value) -> None:
        """Raise `exc` where `ok` is false. Nothing if it is always true; ends the block if it is always
        false.
        """
        if self.assumption is not TRUE:
            ok = self.or_(self.not_(self.assumption), ok)
        if isinstance(ok, Const):
            if not ok.value:
                raise Dead(exc, message, payload)
            return
        error = self.exception(exc, message, payload)
        if self.handler is None or error is None:
            attrs = {"exc": exc} if message is None else {"exc": exc, "message": message}
            self.emit("check", ok, *payload, **attrs)
        if error is None:
            return
        if self.block is None:
            self.raised.append(error)
        elif self.handler is not None:
            edge = self.handler(self, error)
            self.block.term = branch(ok, Edge(following := self.new_block("ok")), edge, self.loc)
            self.block = following

    def exception(self, exc: str, message: Any, payload: Sequence[Value]) -> Rep | None:
        """The exception that these words of a check stand for; None if it is one that CPython never raises:
        no handler gets it.
        """
        if message in NOT_PYTHONS:
            return None
        kind = self.engine.module.objects.get(exc) or getattr(builtins, exc)
        numbers = [Number(part.type, PYTHON) for part in payload if isinstance(part.type, Scalar)]
        return Rep(Exceptional(numbers, (kind, message)), payload)

    def new_block(self, name: str) -> Block:
        """One more block, behind the one at hand."""
        assert self.block is not None and self.function is not None
        block = Block(name)
        self.function.blocks.insert(self.function.blocks.index(self.block) + 1, block)
        return block

    def cast(self, value: Value, type: Scalar) -> Value:
        """A number as one of `type`: to bool by truth, to integers by truncation, else by rounding."""
        if value.type is type:
            return value
        if type is BOOL:
            assert isinstance(value.type, Scalar)
            return self.emit("ne", value, Const(value.type, 0.0 if value.type.is_float else 0))
        return self.emit("cast", value, to=str(type))

    def select(self, cond: Value, a: Rep, b: Rep) -> Rep:
        """`a` where `cond` holds, else `b`; their types join."""
        if isinstance(cond, Const):
            return a if cond.value else b
        try:
            abstract = join(a.abstract, b.abstract)
        except NoJoin as why:
            raise untypable(
                "join", f"the two outcomes are {a.abstract} and {b.abstract}", self.loc, str(why)
            ) from None
        parts = []
        for x, y in zip(self.convert(a, abstract), self.convert(b, abstract), strict=True):
            if _same(x, y) or isinstance(y, Undef):
                parts.append(x)
            elif isinstance(x, Undef):
                parts.append(y)
            else:
                parts.append(self.emit("select" if isinstance(x.type, Scalar) else "choose", cond, x, y))
        return Rep(abstract, parts)

    def by_flavour(self, rep: Rep, operation: Callable[[Rep], Rep]) -> Rep:
        """`operation` on a number of mixed flavour: once as NumPy's, once as Python's, and the one that
        holds.
        """
        number, flag = rep.abstract, flag_of(rep)
        assert isinstance(number, Number)
        before = self.assumption
        outcomes = []
        for numpy, condition in ((TRUE, flag), (FALSE, self.not_(flag))):
            self.assumption = self.and_(before, condition)
            to = number.numpy_type if numpy is TRUE else number.python_type
            outcomes.append(operation(scalar(self.cast(rep.parts[0], to), numpy)))
        self.assumption = before
        return self.select(flag, *outcomes)

    def convert(self, rep: Rep, to: Abstract) -> list[Value]:
        """The parts of `rep` as those of the more general abstract value `to`."""
        source = rep.abstract
        if isinstance(to, Number):
            assert isinstance(source, Number), (source, to)
            value = self.cast(rep.parts[0], to.type)
            return [value, flag_of(rep)] if to.flavour is MIXED else [value]
        if isinstance(to, MaybeUnbound):
            if isinstance(source, Unbound):
                return [*map(undefined, to.of.parts), FALSE]
            if isinstance(source, MaybeUnbound):
                inner = Rep(source.of, rep.parts[:-1])
                return [*self.convert(inner, to.of), rep.parts[-1]]
            return [*self.convert(rep, to.of), TRUE]
        if isinstance(to, MaybeNone):
            if is_none(source):
                return [*map(undefined, to.of.parts), FALSE]
            if isinstance(source, MaybeNone):
                return [*self.convert(Rep(source.of, rep.parts[:-1]), to.of), rep.parts[-1]]
            return [*self.convert(rep, to.of), TRUE]
        if isinstance(to, Several):
            return self._one_of(rep, to)
        if isinstance(to, OneOf):
            return self._function_of(rep, to)
        if isinstance(to, ComplexOf) and isinstance(source, Number):
            reals = [rep, Rep(Number(F64, source.flavour), [Const(F64, 0.0), *rep.parts[1:]])]
            return [p for real, item in zip(reals, to.items, strict=True) for p in self.convert(real, item)]
        if isinstance(to, Compound):
            pairs = zip(rep.items(), to.items, strict=True)
            return [part for item, wanted in pairs for part in self.convert(item, wanted)]
        if isinstance(to, ObjectOf) and isinstance(source, ObjectOf):
            pairs = zip(rep.items(), to.children(), strict=True)
            fixed = [part for item, wanted in pairs for part in self.convert(item, wanted)]
            return [*fixed, *rep.parts[len(rep.parts) - len(to.site.parts) :]]
        if isinstance(to, ArrayOf | ComplexArrayOf) and rep.parts[0].type is not to.type:
            return [self.any_layout(rep.parts[0])]
        return list(rep.parts)

    def _one_of(self, rep: Rep, to: Several) -> list[Value]:
        """The parts of an exception as one of more kinds."""
        source = rep.abstract
        if isinstance(source, Several):
            kinds, number = [(item.abstract, item.parts) for item in rep.items()], rep.parts[-1]
        else:
            kinds, number = [(source, rep.parts)], Const(I64, self.engine.exception_number(source))
        given = {kind.sort(): parts for kind, parts in kinds if isinstance(kind, Exceptional)}
        parts: list[Value] = []
        for item in to.items:
            assert isinstance(item, Exceptional)
            parts.extend(given.get(item.sort()) or map(undefined, item.parts))
        return [*parts, number]

    def _function_of(self, rep: Rep, to: OneOf) -> list[Value]:
        """The parts of a function as one of more."""
        source = rep.abstract
        items = rep.items() if isinstance(source, OneOf) else [rep]
        number = Const(I64, self.engine.function_number(sort_of(source)))
        given = {sort_of(item.abstract): item for item in items}
        assert given.keys() <= {sort_of(item) for item in to.items}, (source, to)
        parts: list[Value] = []
        for wanted in to.items:
            item = given.get(sort_of(wanted))
            parts.extend(map(undefined, wanted.parts) if item is None else self.convert(item, wanted))
        return [*parts, rep.parts[-1] if isinstance(source, OneOf) else number]

    def any_layout(self, value: Value) -> Value:
        """The same array with a type that says nothing about its strides."""
        zero, one = Const(I64, 0), Const(I64, 1)
        pattern = "s" + ":" * (value.type.rank - 1)  # type: ignore[attr-defined]
        return self.emit("view", value, zero, self.dim(value, 0), one, pattern=pattern)

    def dim(self, value: Value, axis: int) -> Value:
        """The length of an array along an axis."""
        return self.emit("dim", value, axis=axis)

    def or_(self, *conditions: Value) -> Value:
        """Whether one of the conditions holds."""
        return self._chain("or", conditions, FALSE)

    def and_(self, *conditions: Value) -> Value:
        """Whether all of the conditions hold."""
        return self._chain("and", conditions, TRUE)

    def _chain(self, name: str, conditions: Sequence[Value], value: Value) -> Value:
        for condition in conditions:
            value = self.emit(name, value, condition)
        return value

    def not_(self, condition: Value) -> Value:
        """The contrary."""
        return self.emit("not", condition)


def undefined(type: Type) -> Value:
    """A part that nothing may depend on."""
    return Undef(type)


def _same(a: Value, b: Value) -> bool:
    return a is b or (isinstance(a, Const) and isinstance(b, Const) and a.key() == b.key())

"""What a program is made of: values, ops, blocks with arguments, functions, modules, and locations.

Everything here is mutable, has identity and knows nothing of the passes that edit it. There are no
use lists: a pass sweeps a function once and rebuilds op lists (see docs/ir.md).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ssad.ir.types import BOOL, F64, I64, Scalar, Type

if TYPE_CHECKING:
    from ssad.ir.primitive import Primitive


class Location:
    """A span of source text, and through `inlined_at` the call that brought it here."""

    __slots__ = ("column", "end_column", "end_line", "file", "function", "inlined_at", "line")

    def __init__(
        self,
        file: str,
        function: str,
        line: int,
        column: int | None = None,
        end_line: int | None = None,
        end_column: int | None = None,
        inlined_at: Location | None = None,
    ) -> None:
        self.file = file
        self.function = function
        self.line = line
        self.column = column
        self.end_line = end_line
        self.end_column = end_column
        self.inlined_at = inlined_at

    def key(self) -> tuple[object, ...]:
        """What makes two locations the same place."""
        return (
            self.file,
            self.function,
            self.line,
            self.column,
            self.end_line,
            self.end_column,
            self.inlined_at and self.inlined_at.key(),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Location) and (self is other or self.key() == other.key())

    def __hash__(self) -> int:
        return hash((self.file, self.line, self.column))

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Value:
    """The result of an op or a parameter of a block; `name` is a hint for printing, not an identity."""

    __slots__ = ("name", "owner", "type")

    def __init__(self, type: Type, name: str = "", owner: Op | Block | None = None) -> None:
        self.type = type
        self.name = name
        self.owner = owner

    def __repr__(self) -> str:
        return f"%{self.name or '_'}: {self.type}"


class Const(Value):
    """An immediate number written where it is used. Equal constants need not be the same object: compare
    `key()`.
    """

    __slots__ = ("value",)

    def __init__(self, type: Scalar, value: float | int | bool) -> None:
        super().__init__(type)
        self.value = value

    def key(self) -> tuple[Type, object]:
        """Type and value, with 0.0 apart from -0.0 and one NaN equal to another."""
        return self.type, float(self.value).hex() if self.type.is_float else self.value

    def __repr__(self) -> str:
        return f"{self.value}: {self.type}"


class Undef(Value):
    """A value nothing may depend on; any bits will do (a variable on a path where it has no meaning)."""

    __slots__ = ()


def f64(value: float) -> Const:
    """The immediate f64 `value`."""
    return Const(F64, float(value))


def i64(value: int) -> Const:
    """The immediate i64 `value`."""
    return Const(I64, int(value))


def bool_(value: bool) -> Const:
    """The immediate bool `value`."""
    return Const(BOOL, bool(value))


class Op:
    """A primitive applied to operands; at most one result."""

    __slots__ = ("attrs", "loc", "operands", "prim", "result")

    def __init__(
        self,
        prim: Primitive,
        operands: list[Value],
        attrs: dict[str, Any],
        result_type: Type | None,
        loc: Location | None,
        name: str = "",
    ) -> None:
        self.prim = prim
        self.operands = operands
        self.attrs = attrs
        self.loc = loc
        self.result: Value | None = None if result_type is None else Value(result_type, name, self)

    @property
    def name(self) -> str:
        return self.prim.name

    def __repr__(self) -> str:
        return f"<{self.result!r} = {self.prim.name} {self.operands}>"


class Edge:
    """A way from a terminator into a block, with one argument per parameter of the block."""

    __slots__ = ("args", "target")

    def __init__(self, target: Block, args: list[Value] | None = None) -> None:
        self.target = target
        self.args: list[Value] = args if args is not None else []


class Terminator:
    """How a block ends: `jump` (1 edge), `branch` (condition, 2 edges: true, false), `return`, `raise`.

    `raise` has attrs `exc` (a builtin exception's name or a key of `Module.objects`) and `message` (a
    template with `{0}`, ... for its operands).
    """

    __slots__ = ("attrs", "edges", "kind", "loc", "operands")

    def __init__(
        self,
        kind: str,
        operands: list[Value] | None = None,
        edges: list[Edge] | None = None,
        attrs: dict[str, Any] | None = None,
        loc: Location | None = None,
    ) -> None:
        self.kind = kind
        self.operands: list[Value] = operands if operands is not None else []
        self.edges: list[Edge] = edges if edges is not None else []
        self.attrs: dict[str, Any] = attrs if attrs is not None else {}
        self.loc = loc

    @property
    def successors(self) -> list[Block]:
        return [edge.target for edge in self.edges]


def jump(target: Block, args: list[Value] | None = None, loc: Location | None = None) -> Terminator:
    """Go to `target`."""
    return Terminator("jump", [], [Edge(target, args)], None, loc)


def branch(cond: Value, then: Edge, other: Edge, loc: Location | None = None) -> Terminator:
    """Go along `then` if the bool `cond` holds, else along `other`."""
    return Terminator("branch", [cond], [then, other], None, loc)


def return_(values: list[Value], loc: Location | None = None) -> Terminator:
    """Leave the function with these results."""
    return Terminator("return", values, [], None, loc)


class Block:
    """Straight-line ops with parameters in front and a terminator behind.

    In an adjoint, `sweep` is "fwd" or "rev"; a reversed block names in `reverses` the block it reverses; the
    header of a reversed loop names in `mirrors` the primal loop header and the value that counts its
    iterations (the iteration being reversed).
    """

    __slots__ = ("mirrors", "name", "ops", "params", "reverses", "sweep", "term")

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.params: list[Value] = []
        self.ops: list[Op] = []
        self.term: Terminator = Terminator("unfinished")
        self.sweep = ""
        self.mirrors: tuple[Block, Value] | None = None
        self.reverses: Block | None = None

    def add_param(self, type: Type, name: str = "") -> Value:
        """Append a parameter; the caller appends the argument on every edge into this block."""
        value = Value(type, name, self)
        self.params.append(value)
        return value

    @property
    def successors(self) -> list[Block]:
        return self.term.successors

    def __repr__(self) -> str:
        return f"^{self.name or '_'}"


class Function:
    """Blocks, the first one the entry, whose parameters are the function's; results by position.

    `edits` counts structural changes: passes call `touch()` after changing anything, analyses are
    memoised on it.
    """

    __slots__ = ("attrs", "blocks", "edits", "facts", "loc", "name", "result_types")

    def __init__(self, name: str, loc: Location | None = None) -> None:
        self.name = name
        self.blocks: list[Block] = []
        self.result_types: list[Type] = []
        self.attrs: dict[str, Any] = {}
        self.loc = loc
        self.edits = 0
        self.facts: dict[object, tuple[Any, Any]] = {}

    @property
    def entry(self) -> Block:
        return self.blocks[0]

    @property
    def params(self) -> list[Value]:
        return self.blocks[0].params

    def add_block(self, name: str = "") -> Block:
        block = Block(name)
        self.blocks.append(block)
        return block

    def touch(self) -> None:
        """Say that the function has changed, so that memoised facts are recomputed."""
        self.edits += 1

    def ops(self) -> Iterator[Op]:
        """Every op, block by block."""
        return itertools.chain.from_iterable(block.ops for block in self.blocks)

    def __repr__(self) -> str:
        return f"@{self.name}"

    def __str__(self) -> str:
        from ssad.ir.printer import print_function

        return print_function(self)


class Module:
    """Functions by name, the first one to be compiled, and the Python objects that the text only names."""

    __slots__ = ("functions", "objects")

    def __init__(self) -> None:
        self.functions: dict[str, Function] = {}
        self.objects: dict[str, object] = {}

    @property
    def main(self) -> Function:
        return next(iter(self.functions.values()))

    def add(self, function: Function) -> Function:
        """Take `function` in under its name, made unique by a number if it is taken."""
        stem, number = function.name, 0
        while function.name in self.functions:
            number += 1
            function.name = f"{stem}.{number}"
        self.functions[function.name] = function
        return function

    def __str__(self) -> str:
        from ssad.ir.printer import print_module

        return print_module(self)

"""The numbered invariants of docs/ir.md, checked one by one; adjoints have more of them (verify_adjoint.py).

Verification is linear in the size of a function, but for dominators and loops. It trusts nothing: text from
anywhere may be given to it, and what it lets through can be printed, analysed and compiled.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, NoReturn

from ssad.errors import VerifyError
from ssad.ir.core import Block, Const, Edge, Function, Module, Op, Terminator, Undef, Value
from ssad.ir.graph import LoopForest, reverse_postorder
from ssad.ir.primitive import TypeMismatch
from ssad.ir.raising import fault_of
from ssad.ir.sweeps import call_types, is_split, result_type, sound_split
from ssad.ir.types import BOOL, NONE, OBJECT, Scalar, Type

VECTORS = ("masked", "none", "single")
"""How a loop is made of vectors: what is left over in one with a mask; not at all; one at a time."""
FP_WORDS = frozenset(("reassoc", "contract", "nsz", "arcp", "afn"))
"""The floating-point flags there are. None says that nan or infinity does not occur."""

_SHAPES = {"jump": (0, 1), "branch": (1, 2), "return": (None, 0), "raise": (None, 0)}
"""Terminator -> numbers of operands (None: any) and edges."""


def verify(what: Module | Function, stage: str | None = None) -> None:
    """Raise VerifyError for the first invariant that `what` breaks.

    `stage` is the name of a stage of the pipeline (docs/architecture.md), for the invariants that hold at
    some stages only. Calls are checked where a module is given.
    """
    module = what if isinstance(what, Module) else None
    for function in what.functions.values() if isinstance(what, Module) else [what]:
        Checker(function, module, stage).run()


class Checker:
    """Checks one function. `home` says where each value is defined: block and position, -1 for parameters."""

    def __init__(self, function: Function, module: Module | None, stage: str | None) -> None:
        self.function = function
        self.module = module
        self.stage = stage
        self.home: dict[Value, tuple[Block, int]] = {}

    def run(self) -> None:
        from ssad.ir.verify_adjoint import check_adjoint, check_split, check_stacks

        self._check_blocks()
        self._check_control_flow()
        self._check_definitions()
        adjoint = any(block.sweep for block in self.function.blocks)
        for block in self.function.blocks:
            for at, op in enumerate(block.ops):
                self._check_op(op, block, at)
            self._check_terminator(block)
        if adjoint or any(b.mirrors or b.reverses for b in self.function.blocks):
            check_adjoint(self)
        check_stacks(self)
        if is_split(self.function):
            check_split(self)

    def fail(self, invariant: str, cause: str, guilty: Op | Terminator | Block | Function) -> NoReturn:
        raise VerifyError(invariant, cause, guilty, _window(self.function, guilty))

    # structure

    def _check_blocks(self) -> None:
        function = self.function
        blocks = set(function.blocks)
        if not blocks:
            self.fail("V01", "the function has no block", function)
        if len(blocks) < len(function.blocks):
            self.fail("V01", "a block is listed twice", function)
        for block in function.blocks:
            term = block.term
            shape = _SHAPES.get(term.kind)
            if shape is None:
                self.fail("V03", f"the block ends in {term.kind!r}, which is no terminator", term)
            operands, edges = shape
            if len(term.edges) != edges or (operands is not None and len(term.operands) != operands):
                self.fail("V03", f"{term.kind} takes {operands or 0} operands and {edges} edges", term)
            for edge in term.edges:
                if edge.target not in blocks:
                    self.fail("V01", f"the edge to ^{edge.target.name} leaves the function", term)
                if edge.target is function.entry:
                    self.fail("V02", "an edge leads to the entry", term)

    def _check_control_flow(self) -> None:
        function = self.function
        reachable = set(reverse_postorder(function))
        if len(reachable) < len(function.blocks):
            lost = next(block for block in function.blocks if block not in reachable)
            self.fail("V04", f"no way leads from the entry to ^{lost.name}", lost)
        self.forest = LoopForest(function)
        self.dominators = self.forest.dominators
        for source, target in self.forest.irreducible:
            cause = f"the edge enters a cycle at ^{target.name}, which does not dominate it: not reducible"
            self.fail("V05", cause, source.term)

    # values

    def _check_definitions(self) -> None:
        home = self.home
        for block in self.function.blocks:
            for param in block.params:
                if param in home or isinstance(param, (Const, Undef)):
                    self.fail("V06", f"parameter %{param.name} is defined twice", block)
                if param.owner is not block:
                    self.fail("V06", f"parameter %{param.name} does not know its block", block)
                self._check_type(param.type, block)
                home[param] = block, -1
            for at, op in enumerate(block.ops):
                result = op.result
                if result is None:
                    continue
                if result in home or isinstance(result, (Const, Undef)):
                    self.fail("V06", f"value %{result.name} is defined twice", op)
                if result.owner is not op:
                    self.fail("V06", f"value %{result.name} does not know its op", op)
                self._check_type(result.type, op)
                home[result] = block, at

    def _check_type(self, type_: Type, guilty: Op | Block) -> None:
        if type_ is OBJECT and self.stage not in (None, "lifted"):
            self.fail("V14", f"a value of type object in {self.stage} IR", guilty)

    def _check_use(self, value: Value, block: Block, at: int, guilty: Op | Terminator | Block) -> None:
        """`value` is used in `block` by its op number `at`."""
        found = self.home.get(value)
        if found is None:
            if isinstance(value, Const):
                self._check_immediate(value, guilty)
            elif not isinstance(value, Undef):
                self.fail("V07", f"%{value.name} is not defined in this function", guilty)
            return
        defined, position = found
        if defined.sweep == "rev" and block.sweep == "fwd":
            self.fail("V19", f"%{value.name} belongs to the reverse sweep", guilty)
        if isinstance(guilty, Op) and guilty.prim.name == "recall":
            return  # the way to the mirrored iteration led past the definition, the way here need not
        if defined is block:
            if position >= at:
                self.fail("V07", f"%{value.name} is used before it is defined", guilty)
        elif not self.dominators.dominates(defined, block):
            self.fail("V07", f"%{value.name} is not defined on every way that leads here", guilty)

    def _check_immediate(self, const: Const, guilty: Op | Terminator | Block) -> None:
        if not fits(const.type, const.value):
            self.fail("V08", f"{const.value!r} is not a value of type {const.type}", guilty)

    # ops

    def _check_op(self, op: Op, block: Block, at: int) -> None:
        for operand in op.operands:
            self._check_use(operand, block, at, op)
        if op.attrs:
            self._check_attributes(op.attrs, op)
        if op.prim.name.startswith("py.") and self.stage not in (None, "lifted"):
            self.fail("V14", f"{op.name} in {self.stage} IR", op)
        result_type = self._result_type(op)
        if op.result is None:
            if result_type is not None:
                self.fail("V12", f"the result of {op.name} has type {result_type}, but there is none", op)
        elif op.result.type is not result_type:
            wanted = "no result" if result_type is None else f"a result of type {result_type}"
            self.fail("V12", f"{op.name} has {wanted}, not of type {op.result.type}", op)
        if op.name == "call":
            self._check_call(op)
        elif op.name == "check":
            self._check_raising(op.attrs, len(op.operands) - 1, op)

    def _result_type(self, op: Op) -> Type | None:
        try:
            return op.prim.type_rule([v.type for v in op.operands], op.attrs)
        except TypeMismatch as error:
            self.fail("V12", f"{op.name}: {error}", op)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # a type rule may stumble over attributes that are missing or of another type
            self.fail("V12", f"{op.name} has attributes that its type rule cannot read ({error!r})", op)

    def _check_call(self, op: Op) -> None:
        callee = op.attrs.get("callee")
        if self.module is None:
            return
        function = self.module.functions.get(callee) if isinstance(callee, str) else None
        if function is None or not function.blocks:
            self.fail("V13", f"there is no function @{callee}", op)
        sweep = op.attrs.get("sweep")
        if sweep is not None and (sweep not in ("fwd", "rev") or not is_split(function)):
            self.fail("V13", f"@{callee} has no sweep {sweep!r} to be called", op)
        if not sound_split(function):
            self.fail("V26", f"the attributes of @{callee} do not say what belongs to which sweep", op)
        types = [v.type for v in op.operands]
        wanted, results = call_types(function, sweep)
        if types != wanted:
            self.fail("V13", f"@{callee} takes ({_list(wanted)}), not ({_list(types)})", op)
        result = result_type(results)
        if (op.result.type if op.result is not None else NONE) is not result:
            self.fail("V13", f"@{callee} gives {result}", op)

    # terminators

    def _check_terminator(self, block: Block) -> None:
        term = block.term
        end = len(block.ops)
        for operand in term.operands:
            self._check_use(operand, block, end, term)
        for edge in term.edges:
            for arg in edge.args:
                self._check_use(arg, block, end, term)
            self._check_edge(edge, term)
        if term.attrs:
            self._check_attributes(term.attrs, term)
        types = [v.type for v in term.operands]
        if term.kind == "branch" and types[0] is not BOOL:
            self.fail("V10", f"a branch tests a bool, not {types[0]}", term)
        if term.kind == "return" and types != self.function.result_types:
            self.fail(
                "V11", f"the function gives ({_list(self.function.result_types)}), not ({_list(types)})", term
            )
        if term.kind == "raise" and OBJECT not in types:
            self._check_raising(term.attrs, len(types), term)

    def _check_edge(self, edge: Edge, term: Terminator) -> None:
        target = edge.target
        if len(edge.args) != len(target.params):
            cause = f"^{target.name} takes {len(target.params)} arguments, not {len(edge.args)}"
            self.fail("V09", cause, term)
        for arg, param in zip(edge.args, target.params, strict=True):
            if arg.type is not param.type:
                cause = f"parameter %{param.name} of ^{target.name} has type {param.type}, not {arg.type}"
                self.fail("V09", cause, term)

    # attributes

    def _check_attributes(self, attrs: Mapping[str, Any], guilty: Op | Terminator) -> None:
        for key, value in attrs.items():
            if not isinstance(key, str) or not key.isidentifier():
                self.fail("V15", f"{key!r} is no name of an attribute", guilty)
            if not _is_attribute(value):
                self.fail(
                    "V15", f"attribute {key} is a {type(value).__name__}, which has no text form", guilty
                )
        flags = attrs.get("fp", "")
        if not isinstance(flags, str) or not FP_WORDS.issuperset(flags.split()):
            self.fail("V16", f"fp is made of {' '.join(sorted(FP_WORDS))}, not {flags!r}", guilty)
        vectors = attrs.get("vectors", VECTORS[0])
        if vectors not in VECTORS:
            self.fail("V16", f"vectors is {' or '.join(VECTORS)}, not {vectors!r}", guilty)

    def _check_raising(self, attrs: Mapping[str, Any], payload: int, guilty: Op | Terminator) -> None:
        if not isinstance(attrs.get("exc"), str):
            self.fail("V17", "exc does not name an exception", guilty)
        message = attrs.get("message")
        if message is None:
            return
        fault = fault_of(message, payload)
        if fault:
            self.fail("V17", f"message: {fault}", guilty)


def fits(type_: Type, value: object) -> bool:
    """Whether `value` is a Python number that an immediate of this type may have."""
    if not isinstance(type_, Scalar):
        return False
    if type_ is BOOL:
        return isinstance(value, bool)
    if type_.is_float:
        return isinstance(value, float) and (type_.bits == 64 or _exact_in_f32(value))
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    signed = type_.kind == "i"
    low = -(1 << type_.bits - 1) if signed else 0
    return low <= value < low + (1 << type_.bits)


def _exact_in_f32(value: float) -> bool:
    try:
        back: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return False
    return back == value or value != value


def _is_attribute(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_attribute, value))
    return value is None or isinstance(value, (bool, int, float, str))


def _list(types: list[Type]) -> str:
    return ", ".join(map(str, types))


def _window(function: Function, guilty: object, around: int = 3) -> str:
    """The printed lines around the guilty one, which is marked, in the block that it stands in."""
    from ssad.ir.printer import numbered_lines

    lines, where = numbered_lines(function)
    at = where.get(guilty, 0)
    shown = [f"  {lines[0]}"] if at > around else []
    if at > around + 1:
        shown.append("    ...")
    for n in range(max(0, at - around), min(len(lines), at + around + 1)):
        mark = ">" if n == at else " "
        shown.append(f"{mark} {lines[n]}")
    if at + around + 1 < len(lines):
        shown.append("    ...")
    return "\n".join(f"  {line}" for line in shown)

"""Runs lifted IR in CPython on real Python objects: the oracle of the lifter."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable, Iterator
from inspect import CO_GENERATOR
from types import CellType, FunctionType
from typing import Any

from ssad.frontend.attempts import attempt_of
from ssad.frontend.lift import Lifted, lift_code
from ssad.ir.core import Block, Edge, Op, Value

UNBOUND = object()
BINARY: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "+": (operator.add, operator.iadd),
    "-": (operator.sub, operator.isub),
    "*": (operator.mul, operator.imul),
    "/": (operator.truediv, operator.itruediv),
    "//": (operator.floordiv, operator.ifloordiv),
    "%": (operator.mod, operator.imod),
    "**": (operator.pow, operator.ipow),
    "@": (operator.matmul, operator.imatmul),
    "&": (operator.and_, operator.iand),
    "|": (operator.or_, operator.ior),
    "^": (operator.xor, operator.ixor),
    "<<": (operator.lshift, operator.ilshift),
    ">>": (operator.rshift, operator.irshift),
}
UNARY = {"-": operator.neg, "+": operator.pos, "~": operator.invert, "not": operator.not_}
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "is": operator.is_,
    "is not": operator.is_not,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
}


class Items:
    """An iterator with a memory: item k can be asked for by number."""

    def __init__(self, iterable: Any) -> None:
        self.iterator: Iterator[Any] = iter(iterable)
        self.seen: list[Any] = []

    def more(self, k: int) -> bool:
        while len(self.seen) <= k:
            try:
                self.seen.append(next(self.iterator))
            except StopIteration:
                return False
        return True


class Evaluator:
    """One call of a lifted function. `free` holds the values an inner function captured."""

    def __init__(self, lifted: Lifted, free: dict[str, Any] | None = None, limit: int = 1_000_000) -> None:
        self.lifted = lifted
        self.free = free
        self.limit = limit

    def __call__(self, *args: Any) -> Any:
        function = self.lifted.function
        env: dict[Value, Any] = dict(zip(function.params, args, strict=True))
        block: Block = function.entry
        handler: tuple[Value, Edge] | None = None
        for _ in range(self.limit):
            term = block.term
            try:
                self.run(block, env)
                if term.kind == "return":
                    return env[term.operands[0]]
                if term.kind == "raise":
                    error, *cause = (env[v] for v in term.operands)
                    if cause:
                        raise error from cause[0]
                    raise error
                edge = term.edges[0 if term.kind == "jump" or env[term.operands[0]] else 1]
            except BaseException as error:
                if handler is None:
                    raise
                value, edge = handler
                env[value] = error
            attempt = attempt_of(term)
            handler = None
            if attempt is not None and edge is term.edges[1]:
                assert attempt.result is not None
                handler = attempt.result, term.edges[0]
            values = [env[v] for v in edge.args]
            block = edge.target
            env.update(zip(block.params, values, strict=True))
        raise RuntimeError("the lifted function does not end")

    def run(self, block: Block, env: dict[Value, Any]) -> None:
        """Run the ops of a block."""
        for op in block.ops:
            run = getattr(self, "op_" + op.prim.name.removeprefix("py."))
            result = run(op, *[env[v] for v in op.operands])
            if op.result is not None:
                env[op.result] = result

    def op_attempt(self, op: Op) -> Any:
        return None

    def op_caught(self, op: Op, error: Any) -> bool:
        return False

    def op_matches(self, op: Op, error: BaseException, classes: Any) -> bool:
        return isinstance(error, classes)

    def op_narrow(self, op: Op, error: Any, classes: Any) -> Any:
        return error

    def op_special(self, op: Op, manager: Any) -> Any:
        return getattr(manager, op.attrs["name"])

    def op_with_except(self, op: Op, leaving: Any, error: BaseException) -> Any:
        return leaving(type(error), error, error.__traceback__)

    def op_present(self, op: Op, x: Any) -> Any:
        assert x is not None
        return x

    def op_length(self, op: Op, x: Any) -> int:
        return len(x)

    def op_is_kind(self, op: Op, x: Any) -> bool:
        match x:
            case [*_]:
                return bool(op.attrs["kind"] == "sequence")
            case {}:
                return bool(op.attrs["kind"] == "mapping")
        return False

    def op_match_keys(self, op: Op, x: Any, keys: Any) -> Any:
        return tuple(x[key] for key in keys) if all(key in x for key in keys) else None

    def op_match_class(self, op: Op, x: Any, cls: Any) -> Any:
        if not isinstance(x, cls):
            return None
        args = getattr(cls, "__match_args__", (None,))[: op.attrs["count"]]
        names = (*args, *op.attrs["names"])
        if not all(name is None or hasattr(x, name) for name in names):
            return None
        return tuple(x if name is None else getattr(x, name) for name in names)

    def op_const(self, op: Op) -> Any:
        return op.attrs["value"] if "value" in op.attrs else self.lifted.module.objects[op.attrs["object"]]

    def op_global(self, op: Op) -> Any:
        return self.lifted.global_object(op.attrs["name"])

    def op_import(self, op: Op) -> Any:
        scope = dict(self.lifted.globals)
        return __import__(op.attrs["name"], scope, None, op.attrs["names"], op.attrs["level"])

    def op_free(self, op: Op) -> Any:
        name = op.attrs["name"]
        if self.free is None:
            return self.lifted.free_object(name)
        value = self.free[name]
        if op.attrs.get("cell"):
            return value
        if isinstance(value, CellType):
            value = value.cell_contents
        if value is UNBOUND:
            where = "where it is not associated with a value in enclosing scope"
            raise NameError(f"cannot access free variable '{name}' {where}")
        return value

    def op_cell(self, op: Op, value: Any = UNBOUND) -> Any:
        return CellType(value)

    def op_cell_load(self, op: Op, cell: CellType) -> Any:
        return self.op_check_bound(op, cell.cell_contents)

    def op_cell_store(self, op: Op, cell: CellType, value: Any) -> None:
        cell.cell_contents = value

    def op_unbound(self, op: Op) -> Any:
        return UNBOUND

    def op_check_bound(self, op: Op, x: Any) -> Any:
        if x is UNBOUND:
            raise UnboundLocalError(
                f"cannot access local variable '{op.attrs['name']}' where it is not associated with a value"
            )
        return x

    def op_binary(self, op: Op, a: Any, b: Any) -> Any:
        return BINARY[op.attrs["op"]][op.attrs["inplace"]](a, b)

    def op_unary(self, op: Op, x: Any) -> Any:
        return UNARY[op.attrs["op"]](x)

    def op_compare(self, op: Op, a: Any, b: Any) -> Any:
        return COMPARE[op.attrs["op"]](a, b)

    def op_truth(self, op: Op, x: Any) -> bool:
        return bool(x) is not op.attrs["negate"]

    def op_getattr(self, op: Op, x: Any) -> Any:
        return getattr(x, op.attrs["name"])

    def op_setattr(self, op: Op, x: Any, value: Any) -> None:
        setattr(x, op.attrs["name"], value)

    def op_getitem(self, op: Op, x: Any, i: Any) -> Any:
        return x[i]

    def op_setitem(self, op: Op, x: Any, i: Any, value: Any) -> None:
        x[i] = value

    def op_delitem(self, op: Op, x: Any, i: Any) -> None:
        del x[i]

    def op_slice(self, op: Op, *bounds: Any) -> Any:
        return slice(*bounds)

    def op_tuple(self, op: Op, *items: Any) -> Any:
        return items

    def op_list(self, op: Op, *items: Any) -> Any:
        return list(items)

    def op_append(self, op: Op, x: Any, value: Any) -> None:
        x.append(value)

    def op_builtin(self, op: Op, function: Any) -> None:
        assert function is getattr(builtins, op.attrs["name"])

    def op_spread(self, op: Op, x: Any, more: Any) -> Any:
        return (*x, *more) if op.attrs["tuple"] else [*x, *more]

    def op_dict(self, op: Op, *values: Any) -> Any:
        return dict(zip(op.attrs["keys"], values, strict=True))

    def op_merge(self, op: Op, x: Any, more: Any) -> Any:
        return dict(**x, **more)

    def op_check_length(self, op: Op, x: Any) -> None:
        count = op.attrs["count"]
        if op.attrs.get("star"):
            if len(x) < count:
                raise ValueError(f"not enough values to unpack (expected at least {count}, got {len(x)})")
            return
        if len(x) > count:
            raise ValueError(f"too many values to unpack (expected {count})")
        if len(x) < count:
            raise ValueError(f"not enough values to unpack (expected {count}, got {len(x)})")

    def op_unpack(self, op: Op, x: Any) -> Any:
        return x[op.attrs["index"]]

    def op_rest(self, op: Op, x: Any) -> Any:
        return list(x[op.attrs["before"] : len(x) - op.attrs["after"]])

    def op_call(self, op: Op, f: Any, *args: Any) -> Any:
        names = op.attrs["keywords"]
        cut = len(args) - len(names)
        return f(*args[:cut], **dict(zip(names, args[cut:], strict=True)))

    def op_call_star(self, op: Op, f: Any, args: Any, keywords: Any = None) -> Any:
        return f(*args, **(keywords or {}))

    def op_function(self, op: Op, *values: Any) -> Any:
        """CPython binds the arguments; the body is lifted and evaluated in its turn."""
        code = self.lifted.module.objects[op.attrs["code"]]
        defaults, keywords, free = op.attrs["defaults"], op.attrs["keywords"], op.attrs["free"]
        captured = dict(zip(free, values[defaults + len(keywords) :], strict=True))
        made = self._made(code, captured, values, defaults, keywords)
        captured.setdefault(code.co_name, made)  # one that captures itself
        for name in op.attrs.get("group", ()):  # those that it calls and that call it
            other = self.lifted.module.objects[name]
            if other is not code:
                captured[other.co_name] = self._made(other, captured, (), 0, ())
        return made

    def _made(
        self, code: Any, captured: dict[str, Any], values: Any, defaults: int, keywords: tuple[str, ...]
    ) -> Any:
        values_of = [captured.get(name) for name in code.co_freevars]
        cells = tuple(v if isinstance(v, CellType) else CellType(v) for v in values_of)
        shape = FunctionType(code, dict(self.lifted.globals), code.co_name, values[:defaults], cells)
        shape.__kwdefaults__ = dict(zip(keywords, values[defaults:], strict=False))
        made = binding(shape, Evaluator(lift_code(code, self.lifted.globals), captured))
        if code.co_flags & CO_GENERATOR:  # what suspends it is CPython's
            made = shape if code.co_name != "<genexpr>" else lambda items: shape(items.iterator)
        return made

    def op_iter(self, op: Op, x: Any) -> Any:
        return Items(x)

    def op_iter_more(self, op: Op, items: Items, k: int) -> bool:
        return items.more(k)

    def op_iter_item(self, op: Op, items: Items, k: int) -> Any:
        return items.seen[k]

    def op_next_index(self, op: Op, k: int) -> int:
        return k + 1

    def op_assertion(self, op: Op) -> Any:
        return AssertionError

    def op_format(self, op: Op, *values: Any) -> str:
        return op.attrs["template"].format(*values)


def binding(shape: FunctionType, evaluate: Evaluator) -> Callable[..., Any]:
    """`evaluate`, called like `shape`: arguments by name and defaults are put in order first."""
    import inspect

    def call(*args: Any, **kwargs: Any) -> Any:
        bound = inspect.signature(shape).bind(*args, **kwargs)
        bound.apply_defaults()
        return evaluate(*[bound.arguments[param.name] for param in evaluate.lifted.params])

    return call

"""Arrays in LLVM: addresses of elements, views, allocation, and the ops that sweep a whole array.

An array value is pointer, shape and, for layout A, strides in elements; the strides of C and F arrays are
computed from the shape where they are wanted. Element accesses are marked as a memory of their own (`!tbaa
!1`), apart from tapes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from ssad.analysis.choices import does
from ssad.analysis.ranges import LONGEST
from ssad.backend.layout import memory_type, scalar_type
from ssad.errors import UnsupportedError
from ssad.ir.core import Const, Function, Op, Value
from ssad.ir.types import Array

if TYPE_CHECKING:
    from ssad.backend.function_writer import FunctionWriter

LOCAL_ELEMENTS = 64
"""Arrays of at most that many elements live in the frame if nothing but loads and stores sees them."""

LOCAL_BYTES = 16 << 10
"""What the frame of one function spends on them: threads have small stacks."""

_LOCAL_USES = frozenset(
    ("dim", "load", "store", "accumulate", "fill", "copy", "add_into", "sum_all", "add_scalar_into")
)


def array_type(value: Value) -> Array:
    assert isinstance(value.type, Array), f"{value!r} is no array"
    return value.type


def local_allocs(function: Function) -> frozenset[Value]:
    """Arrays of small constant size that no call, view, edge or return sees; they become registers."""
    found = {
        op.result: op
        for op in function.ops()
        if op.name == "alloc" and op.result is not None and _small(op.operands)
    }
    if not found or not does(function, "entry_allocas"):
        return frozenset()
    for block in function.blocks:
        for op in block.ops:
            if op.name not in _LOCAL_USES:
                for value in op.operands:
                    found.pop(value, None)
        for value in block.term.operands:
            found.pop(value, None)
        for edge in block.term.edges:
            for value in edge.args:
                found.pop(value, None)
    kept: list[Value] = []
    room = LOCAL_BYTES
    for value, op in found.items():
        size = 8 * prod(int(d.value) for d in op.operands if isinstance(d, Const))
        if size <= room:
            kept.append(value)
            room -= size
    return frozenset(kept)


def _small(dims: Sequence[Value]) -> bool:
    sizes = [int(d.value) for d in dims if isinstance(d, Const)]
    return len(sizes) == len(dims) and all(n >= 0 for n in sizes) and prod(sizes) <= LOCAL_ELEMENTS


# shape, strides, addresses


def dims(w: FunctionWriter, array: Value) -> tuple[str, ...]:
    """The lengths of the axes."""
    return w.parts(array)[1 : 1 + array_type(array).rank]


def strides(w: FunctionWriter, array: Value) -> tuple[str, ...]:
    """The strides in elements; computed for contiguous arrays."""
    type = array_type(array)
    if type.layout == "A":
        return w.parts(array)[1 + type.rank :]
    return contiguous_strides(w, dims(w, array), type.layout)


def contiguous_strides(w: FunctionWriter, shape: Sequence[str], layout: str) -> tuple[str, ...]:
    """The strides of an array of that shape in layout C or F."""
    inner_first = shape if layout == "F" else shape[::-1]
    steps = ["1"]
    for length in inner_first[:-1]:
        steps.append(length if steps[-1] == "1" else w.tmp(f"mul nsw i64 {steps[-1]}, {length}"))
    return tuple(steps if layout == "F" else steps[::-1])


def count(w: FunctionWriter, array: Value) -> str:
    """The number of elements."""
    total, *rest = dims(w, array)
    for length in rest:
        total = w.tmp(f"mul nsw i64 {total}, {length}")
    return total


def address(w: FunctionWriter, array: Value, index: Sequence[str]) -> str:
    """The address of one element."""
    type = array_type(array)
    if type.layout == "A":
        offset = ""
        for i, stride in zip(index, strides(w, array), strict=True):
            term = w.tmp(f"mul nsw i64 {i}, {stride}")
            offset = term if not offset else w.tmp(f"add nsw i64 {offset}, {term}")
    else:
        pairs = list(zip(index, dims(w, array), strict=True))
        (offset, _), *rest = pairs if type.layout == "C" else pairs[::-1]
        for i, length in rest:
            row = w.tmp(f"mul nsw i64 {offset}, {length}")
            offset = w.tmp(f"add nsw i64 {row}, {i}")
    return w.tmp(f"getelementptr inbounds {memory_type(type.elem)}, ptr {w.parts(array)[0]}, i64 {offset}")


def read(w: FunctionWriter, array: Value, at: str) -> str:
    """The element at an address, as it is in a register."""
    elem = array_type(array).elem
    text = w.tmp(f"load {memory_type(elem)}, ptr {at}, !tbaa !1{w.scopes.get(array, '')}")
    return w.tmp(f"icmp ne i8 {text}, 0") if elem.kind == "b" else text


def write(w: FunctionWriter, array: Value, at: str, text: str) -> None:
    """Store an element at an address."""
    elem = array_type(array).elem
    if elem.kind == "b":
        text = w.tmp(f"zext i1 {text} to i8")
    w.emit(f"store {memory_type(elem)} {text}, ptr {at}, !tbaa !1{w.scopes.get(array, '')}")


def added(w: FunctionWriter, op: Op, array: Value, a: str, b: str) -> str:
    """The sum of two elements of `array`."""
    elem = array_type(array).elem
    add = f"fadd {w.flags(op)}" if elem.is_float else "add "
    return w.tmp(f"{add}{scalar_type(elem)} {a}, {b}")


# one element


def _dim(w: FunctionWriter, op: Op) -> None:
    w.define(op, dims(w, op.operands[0])[int(op.attrs["axis"])])


def _load(w: FunctionWriter, op: Op) -> None:
    array, *index = op.operands
    w.define(op, read(w, array, address(w, array, [w.one(i) for i in index])))


def _store(w: FunctionWriter, op: Op) -> None:
    array, *index, value = op.operands
    write(w, array, address(w, array, [w.one(i) for i in index]), w.one(value))


def _disjoint(w: FunctionWriter, op: Op) -> None:
    """One ends in memory before the other one begins."""
    (a, behind_a), (b, behind_b) = (_extent(w, array) for array in op.operands)
    before = w.tmp(f"icmp ule ptr {behind_a}, {b}")
    after = w.tmp(f"icmp ule ptr {behind_b}, {a}")
    w.define(op, w.tmp(f"or i1 {before}, {after}"))


def _to_aligned(w: FunctionWriter, op: Op) -> None:
    """From the address of the element up to the boundary, or down from the byte behind it."""
    array, *index = op.operands
    size = array_type(array).elem.bytes
    at = w.tmp(f"ptrtoint ptr {address(w, array, [w.one(i) for i in index])} to i64")
    over = w.tmp(f"add i64 {at}, {size}") if op.attrs["down"] else w.tmp(f"sub i64 0, {at}")
    rest = w.tmp(f"and i64 {over}, {op.attrs['bytes'] - 1}")
    w.define(op, w.tmp(f"lshr i64 {rest}, {size.bit_length() - 1}"))


def _same(w: FunctionWriter, op: Op) -> None:
    """They begin at one address, and have the same lengths and strides."""
    equal = "true"
    for a, b in zip(*(w.parts(array) for array in op.operands), strict=True):
        kind = "ptr" if equal == "true" else "i64"
        one = w.tmp(f"icmp eq {kind} {a}, {'null' if kind == 'ptr' and b == '0' else b}")
        equal = one if equal == "true" else w.tmp(f"and i1 {equal}, {one}")
    w.define(op, equal)


def _extent(w: FunctionWriter, array: Value) -> tuple[str, str]:
    """The lowest address of an element, and the one behind the highest."""
    low, high = "0", "1"
    for length, stride in zip(dims(w, array), strides(w, array), strict=True):
        last = w.tmp(f"sub i64 {length}, 1")
        span = w.tmp(f"mul i64 {last}, {stride}")
        down = w.tmp(f"call i64 @llvm.smin.i64(i64 {span}, i64 0)")
        up = w.tmp(f"call i64 @llvm.smax.i64(i64 {span}, i64 0)")
        low, high = w.tmp(f"add i64 {low}, {down}"), w.tmp(f"add i64 {high}, {up}")
    kind, start = memory_type(array_type(array).elem), w.parts(array)[0]
    ends = [w.tmp(f"getelementptr {kind}, ptr {start}, i64 {at}") for at in (low, high)]
    return ends[0], ends[1]


def _accumulate(w: FunctionWriter, op: Op) -> None:
    array, *index, value = op.operands
    at = address(w, array, [w.one(i) for i in index])
    write(w, array, at, added(w, op, array, read(w, array, at), w.one(value)))


# whole arrays


def _alloc(w: FunctionWriter, op: Op) -> None:
    assert op.result is not None
    type = array_type(op.result)
    shape = tuple(map(w.one, op.operands))
    if op.result in w.local_allocs:
        size = max(1, prod(int(d.value) for d in op.operands if isinstance(d, Const)))
        w.define(op, w.alloca(size, memory_type(type.elem), 32), *shape)
        return
    memory = allocate(
        w, shape, type.elem.bytes, f"out of memory for an array of shape ({_holes(type.rank)})", op.operands
    )
    w.define(op, memory, *shape)


def _holes(rank: int) -> str:
    return ", ".join(f"{{{k}}}" for k in range(rank)) + ("," if rank == 1 else "")


def allocate(
    w: FunctionWriter, shape: Sequence[str], elem_bytes: int, message: str, payload: Sequence[Value] = ()
) -> str:
    """Memory for an array from the arena; MemoryError if there is none or its size overflows."""
    total, over = str(elem_bytes), ""
    for length in shape:
        pair = w.tmp(f"call {{ i64, i1 }} @llvm.umul.with.overflow.i64(i64 {total}, i64 {length})")
        total = w.tmp(f"extractvalue {{ i64, i1 }} {pair}, 0")
        bad = w.tmp(f"extractvalue {{ i64, i1 }} {pair}, 1")
        over = bad if not over else w.tmp(f"or i1 {over}, {bad}")
        if len(shape) > 1:  # an array without elements may have an axis of any length beside
            long = w.tmp(f"icmp ugt i64 {length}, {LONGEST}")
            over = w.tmp(f"or i1 {over}, {long}")
    wanted = w.tmp(f"select i1 {over}, i64 -1, i64 {total}")
    memory = w.tmp(f"call ptr @ssad.alloc(ptr %ctx, i64 {wanted})", "array")
    w.fail_unless(w.tmp(f"icmp ne ptr {memory}, null"), "MemoryError", message, payload)
    return memory


def loop(
    w: FunctionWriter, length: str, body: Callable[[str], None], carried: tuple[str, str] | None = None
) -> str:
    """Write `for k in range(length): body(k)`.

    With `carried` (LLVM type, start) the loop carries a number: `w.carry` holds its present value, body sets
    the next one, and its last value is returned.
    """
    before, head, inside, done = w.label, w.fresh("sweep"), w.fresh("element"), w.fresh("swept")
    k, k_next, acc = (f"%{w.fresh(n)}" for n in ("k", "k", "acc"))
    w.emit(f"br label %{head}")
    w.start(head)
    phi_at = len(w.lines)
    w.lines += ["", ""][: 1 if carried is None else 2]
    more = w.tmp(f"icmp slt i64 {k}, {length}")
    w.emit(f"br i1 {more}, label %{inside}, label %{done}")
    w.start(inside)
    outer, w.carry = w.carry, acc
    body(k)
    end = w.label
    w.emit(f"{k_next} = add nsw nuw i64 {k}, 1")
    w.emit(f"br label %{head}")
    w.lines[phi_at] = f"  {k} = phi i64 [ 0, %{before} ], [ {k_next}, %{end} ]"
    if carried is not None:
        w.lines[phi_at + 1] = f"  {acc} = phi {carried[0]} [ {carried[1]}, %{before} ], [ {w.carry}, %{end} ]"
    w.carry = outer
    w.start(done)
    return acc


def nest(
    w: FunctionWriter,
    shape: Sequence[str],
    body: Callable[[tuple[str, ...]], None],
    index: tuple[str, ...] = (),
) -> None:
    """Write loops over a shape, the last axis innermost."""
    if len(index) == len(shape):
        body(index)
        return
    loop(w, shape[len(index)], lambda k: nest(w, shape, body, (*index, k)))


def sweep(w: FunctionWriter, arrays: Sequence[Value], body: Callable[[list[str]], None]) -> None:
    """Run `body` on the addresses of corresponding elements of arrays of one shape, flat where all are
    contiguous alike.
    """
    first = array_type(arrays[0])
    if first.layout != "A" and all(array_type(a).layout == first.layout for a in arrays):
        loop(w, count(w, arrays[0]), lambda k: body([_flat(w, a, k) for a in arrays]))
        return
    nest(w, dims(w, arrays[0]), lambda index: body([address(w, a, index) for a in arrays]))


def _flat(w: FunctionWriter, array: Value, k: str) -> str:
    return w.tmp(
        f"getelementptr inbounds {memory_type(array_type(array).elem)}, ptr {w.parts(array)[0]}, i64 {k}"
    )


def _fill(w: FunctionWriter, op: Op) -> None:
    array, value = op.operands
    type = array_type(array)
    if type.layout != "A" and isinstance(value, Const) and value.key()[1] in (0, False, (0.0).hex()):
        size = w.tmp(f"mul nsw i64 {count(w, array)}, {type.elem.bytes}")
        w.emit(f"call void @llvm.memset.p0.i64(ptr {w.parts(array)[0]}, i8 0, i64 {size}, i1 false)")
        return
    text = w.one(value)
    sweep(w, [array], lambda at: write(w, array, at[0], text))


def _copy(w: FunctionWriter, op: Op) -> None:
    target, source = op.operands
    kinds = array_type(target), array_type(source)
    if kinds[0].layout == kinds[1].layout != "A":
        size = w.tmp(f"mul nsw i64 {count(w, target)}, {kinds[0].elem.bytes}")
        to, from_ = w.parts(target)[0], w.parts(source)[0]
        w.emit(f"call void @llvm.memmove.p0.p0.i64(ptr {to}, ptr {from_}, i64 {size}, i1 false)")
        return
    sweep(w, [target, source], lambda at: write(w, target, at[0], read(w, source, at[1])))


def _add_into(w: FunctionWriter, op: Op) -> None:
    target, source = op.operands

    def add(at: list[str]) -> None:
        write(w, target, at[0], added(w, op, target, read(w, target, at[0]), read(w, source, at[1])))

    sweep(w, [target, source], add)


def _add_scalar_into(w: FunctionWriter, op: Op) -> None:
    target, value = op.operands
    text = w.one(value)
    sweep(w, [target], lambda at: write(w, target, at[0], added(w, op, target, read(w, target, at[0]), text)))


def _inner(w: FunctionWriter, op: Op) -> None:
    """One product after the other, row by row."""
    a, b = op.operands
    type = array_type(a)
    llvm = scalar_type(type.elem)
    multiply = "fmul " if type.elem.is_float else "mul "
    shape = dims(w, a)

    def axis(index: tuple[str, ...], start: str) -> str:
        def body(k: str) -> None:
            if len(index) + 1 < type.rank:
                w.carry = axis((*index, k), w.carry)
                return
            total = w.carry
            pair = [read(w, x, address(w, x, (*index, k))) for x in (a, b)]
            product = w.tmp(f"{multiply}{llvm} {pair[0]}, {pair[1]}")
            w.carry = added(w, op, a, total, product)

        return loop(w, shape[len(index)], body, (llvm, start))

    w.define(op, axis((), "0.0" if type.elem.is_float else "0"))


def _add_scaled_into(w: FunctionWriter, op: Op) -> None:
    target, factor, source = op.operands
    type = array_type(target)
    text, llvm = w.one(factor), scalar_type(type.elem)
    multiply = f"fmul {w.flags(op)}" if type.elem.is_float else "mul "

    def add(at: list[str]) -> None:
        scaled = w.tmp(f"{multiply}{llvm} {text}, {read(w, source, at[1])}")
        write(w, target, at[0], added(w, op, target, read(w, target, at[0]), scaled))

    sweep(w, [target, source], add)


def _sum_all(w: FunctionWriter, op: Op) -> None:
    """Rows by pairwise summation, one after the other; a contiguous array is one row."""
    (array,) = op.operands
    type = array_type(array)
    if type.elem.kind == "b":
        raise UnsupportedError(
            "the sum of an array of bools has no machine form", op.loc, "cast the elements first"
        )
    llvm, name = scalar_type(type.elem), f"ssad.sum.{type.elem}"
    w.module.declare(
        name, _SUM.replace("NAME", name).replace("T", llvm).replace("ADD", _ADD[type.elem.is_float])
    )
    zero = "0.0" if type.elem.is_float else "0"

    def row(pointer: str, length: str, step: str) -> str:
        return w.tmp(f"call {llvm} @{name}(ptr {pointer}, i64 {length}, i64 {step})")

    if type.layout != "A":
        w.define(op, row(w.parts(array)[0], count(w, array), "1"))
        return
    shape, steps = dims(w, array), strides(w, array)

    def rows(pointer: str, axis: int) -> str:
        if axis == type.rank - 1:
            return row(pointer, shape[axis], steps[axis])

        def body(k: str) -> None:
            total = w.carry
            offset = w.tmp(f"mul nsw i64 {k}, {steps[axis]}")
            below = rows(
                w.tmp(f"getelementptr {memory_type(type.elem)}, ptr {pointer}, i64 {offset}"), axis + 1
            )
            w.carry = added(w, op, array, total, below)

        return loop(w, shape[axis], body, (llvm, zero))

    w.define(op, rows(w.parts(array)[0], 0))


_ADD = {True: "fadd reassoc nsz", False: "add"}
# numpy's way: halves, and a plain sum of at most 128, which may be reordered
_SUM = """define internal T @NAME(ptr %p, i64 %n, i64 %step) nounwind noinline {
  %small = icmp sle i64 %n, 128
  br i1 %small, label %loop, label %split
loop:
  %k = phi i64 [ 0, %0 ], [ %k.next, %body ]
  %sum = phi T [ zeroinitializer, %0 ], [ %sum.next, %body ]
  %more = icmp slt i64 %k, %n
  br i1 %more, label %body, label %done
body:
  %offset = mul nsw i64 %k, %step
  %at = getelementptr inbounds T, ptr %p, i64 %offset
  %x = load T, ptr %at, !tbaa !1
  %sum.next = ADD T %sum, %x
  %k.next = add nsw nuw i64 %k, 1
  br label %loop
done:
  ret T %sum
split:
  %half.odd = lshr i64 %n, 1
  %half = and i64 %half.odd, -8
  %rest = sub i64 %n, %half
  %skip = mul nsw i64 %half, %step
  %q = getelementptr T, ptr %p, i64 %skip
  %a = call T @NAME(ptr %p, i64 %half, i64 %step)
  %b = call T @NAME(ptr %q, i64 %rest, i64 %step)
  %both = ADD T %a, %b
  ret T %both
}"""


def _view(w: FunctionWriter, op: Op) -> None:
    assert op.result is not None
    array, *operands = op.operands
    type, result = array_type(array), array_type(op.result)
    given = iter(map(w.one, operands))
    steps, shape = strides(w, array), dims(w, array)
    out_shape, out_steps = [], []
    pointer = w.parts(array)[0]
    for letter, length, stride in zip(op.attrs["pattern"], shape, steps, strict=True):
        if letter == ":":
            out_shape.append(length)
            out_steps.append(stride)
            continue
        start = next(given)
        offset = w.tmp(f"mul i64 {start}, {stride}")
        pointer = w.tmp(f"getelementptr {memory_type(type.elem)}, ptr {pointer}, i64 {offset}")
        if letter == "s":
            out_shape.append(next(given))
            step = next(given)
            out_steps.append(step if stride == "1" else w.tmp(f"mul i64 {step}, {stride}"))
    w.define(op, pointer, *out_shape, *(out_steps if result.layout == "A" else ()))


def _choose(w: FunctionWriter, op: Op) -> None:
    cond, first, second = op.operands
    chosen = []
    for n, (a, b) in enumerate(zip(w.parts(first), w.parts(second), strict=True)):
        kind = "ptr" if n == 0 else "i64"
        chosen.append(w.tmp(f"select i1 {w.one(cond)}, {kind} {a}, {kind} {b}"))
    w.define(op, *chosen)


HANDLERS: dict[str, Callable[[FunctionWriter, Op], Any]] = {
    "dim": _dim,
    "disjoint": _disjoint,
    "same": _same,
    "to_aligned": _to_aligned,
    "load": _load,
    "store": _store,
    "accumulate": _accumulate,
    "alloc": _alloc,
    "fill": _fill,
    "copy": _copy,
    "add_into": _add_into,
    "add_scalar_into": _add_scalar_into,
    "inner": _inner,
    "add_scaled_into": _add_scaled_into,
    "sum_all": _sum_all,
    "view": _view,
    "choose": _choose,
}

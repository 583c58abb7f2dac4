"""What Python's lists do in a loop, as plain Python: filling, searching, sorting, reductions.

Lists that are filled here are made by the caller, so that each call in the user's program has a list of its
own. Sorting compares with `<` alone and is stable; its derivative permutes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ssad.ir.raising import UNORDERED
from ssad.library.iterators import chained, flat, present, stepped, three_together, together


def iterated(iterable: Any) -> Any:
    """`iter(x)` of what has items by number."""
    yield from iterable


def filled(out: list[Any], items: Any) -> Any:
    for item in items:
        out.append(item)
    return out


def taken_over(out: list[Any], items: Any) -> Any:
    for item in items:
        out.append(item)
    return out


def handed_over(columns: Any, items: list[Any], put: Any) -> None:
    for k in range(len(items)):
        put(columns, k, items[k])


def lengths(out: Any, items: list[Any]) -> None:
    for k in range(len(items)):
        out[k] = len(items[k])


def flattened(out: list[Any], items: list[Any]) -> Any:
    for k in range(len(items)):
        for item in items[k]:
            out.append(item)
    return out


def total_size(items: list[Any]) -> int:
    total = 0
    for k in range(len(items)):
        total += items[k].size
    return total


def packed(items: list[Any], out: Any, sizes: Any) -> None:
    at = 0
    for k in range(len(items)):
        row = items[k]
        sizes[k] = len(row)
        for j in range(len(row)):
            out[at + j] = row[j]
        at += len(row)


def packed_planes(items: list[Any], out: Any, heights: Any, widths: Any) -> None:
    at = 0
    for k in range(len(items)):
        plane = items[k]
        height, width = plane.shape
        heights[k] = height
        widths[k] = width
        for i in range(height):
            for j in range(width):
                out[at + i * width + j] = plane[i, j]
        at += height * width


def extended(out: list[Any], items: list[Any]) -> None:
    for k in range(len(items)):
        out.append(items[k])


def to_list(array: Any) -> Any:
    if array.ndim == 1:
        return [item.item() for item in array]
    return [to_list(row) for row in array]


def slice_(out: list[Any], items: list[Any], start: int, count: int, step: int) -> Any:
    for k in range(count):
        out.append(items[start + k * step])
    return out


def repeated(out: list[Any], items: Any, times: int) -> Any:
    for _ in range(times):
        for item in items:
            out.append(item)
    return out


def multiplied(xs: list[Any], times: int) -> None:
    n = len(xs)
    if times <= 0:
        xs.clear()
    for _ in range(times - 1):
        for k in range(n):
            xs.append(xs[k])


def replaced(xs: list[Any], behind: list[Any], start: int, stop: int, items: list[Any]) -> None:
    n = len(xs)
    if start < 0:
        start = max(start + n, 0)
    if stop < 0:
        stop += n
    start = min(start, n)
    for k in range(max(start, stop), n):
        behind.append(xs[k])
    while len(xs) > start:
        xs.pop()
    for k in range(len(items)):
        xs.append(items[k])
    for k in range(len(behind)):
        xs.append(behind[k])


def replaced_every(
    xs: list[Any],
    behind: list[Any],
    begin: int,
    end: int,
    items: list[Any],
    start: int,
    count: int,
    step: int,
) -> None:
    if step == 1:
        replaced(xs, behind, begin, end, items)
        return
    if len(items) != count:
        raise ValueError(f"attempt to assign sequence of size {len(items)} to extended slice of size {count}")
    for k in range(count):
        xs[start + k * step] = items[k]


def deleted_every(xs: list[Any], start: int, count: int, step: int) -> None:
    if step < 0:
        start += (count - 1) * step
        step = -step
    kept = start
    for k in range(start, len(xs) if count > 0 else start):
        if (k - start) % step or k - start >= count * step:
            xs[kept] = xs[k]
            kept += 1
    for _ in range(count):
        xs.pop()


def array(out: Any, items: list[Any]) -> Any:
    for k in range(len(items)):
        out[k] = items[k]
    return out


def rows(out: Any, items: list[Any], width: int) -> Any:
    for k in range(len(items)):
        row = items[k]
        if len(row) != width:
            raise ValueError(
                "setting an array element with a sequence. The requested array has an inhomogeneous shape "
                f"after 1 dimensions. The detected shape was ({len(items)},) + inhomogeneous part."
            )
        for j in range(width):
            out[k, j] = row[j]
    return out


def planes(out: Any, items: list[Any], height: int, width: int) -> Any:
    for k in range(len(items)):
        if len(items[k]) != height:
            raise ValueError(
                "setting an array element with a sequence. The requested array has an inhomogeneous shape "
                f"after 1 dimensions. The detected shape was ({len(items)},) + inhomogeneous part."
            )
    for k in range(len(items)):
        plane = items[k]
        for i in range(height):
            row = plane[i]
            if len(row) != width:
                raise ValueError(
                    "setting an array element with a sequence. The requested array has an inhomogeneous "
                    f"shape after 2 dimensions. The detected shape was ({len(items)}, {height}) + "
                    "inhomogeneous part."
                )
            for j in range(width):
                out[k, i, j] = row[j]
    return out


def equal(a: list[Any], b: list[Any]) -> bool:
    if len(a) != len(b):
        return False
    for k in range(len(a)):
        if (a[k],) != (b[k],):  # an item is itself, even nan
            return False
    return True


def less(a: list[Any], b: list[Any]) -> bool:
    for k in range(min(len(a), len(b))):
        if (a[k],) != (b[k],):
            return a[k] < b[k]
    return len(a) < len(b)


def not_more(a: list[Any], b: list[Any]) -> bool:
    for k in range(min(len(a), len(b))):
        if (a[k],) != (b[k],):
            return a[k] <= b[k]
    return len(a) <= len(b)


# Methods


def popped(xs: list[Any], i: int) -> Any:
    value = xs[i]
    for k in range(i, len(xs) - 1):
        xs[k] = xs[k + 1]
    xs.pop()
    return value


def inserted(xs: list[Any], i: int, value: Any) -> None:
    n = len(xs)
    if i < 0:
        i = max(i + n, 0)
    if i > n:
        i = n
    xs.append(value)
    for k in range(n, i, -1):
        xs[k] = xs[k - 1]
    xs[i] = value


def reversed_(xs: list[Any]) -> None:
    n = len(xs)
    for k in range(n // 2):
        low, high = xs[k], xs[n - 1 - k]
        xs[k] = high
        xs[n - 1 - k] = low


def found(xs: Any, value: Any) -> int:
    for k, x in enumerate(xs):
        if (x,) == (value,):
            return k
    return -1


def found_between(xs: Any, value: Any, start: int, stop: int) -> int:
    n = len(xs)
    if start < 0:
        start = max(start + n, 0)
    if stop < 0:
        stop += n
    for k in range(start, min(stop, n)):
        if (xs[k],) == (value,):
            return k
    return -1


def counted(xs: Any, value: Any) -> int:
    n = 0
    for x in xs:
        if (x,) == (value,):
            n += 1
    return n


def removed(xs: list[Any], value: Any) -> None:
    k = found(xs, value)
    if k < 0:
        raise ValueError("list.remove(x): x not in list")
    popped(xs, k)


# Sorting: merging runs of doubled length


def keys(out: list[Any], xs: list[Any], key: Callable[[Any], Any]) -> Any:
    for k in range(len(xs)):
        out.append(key(xs[k]))
    return out


def unordered(x: Any) -> bool:
    if isinstance(x, tuple):
        for part in x:
            if unordered(part):
                return True
        return False
    return bool(x != x)


def sorted_(xs: list[Any], other: list[Any]) -> None:
    n = len(xs)
    for k in range(n):
        if unordered(xs[k]):
            raise ValueError(UNORDERED)
        other.append(xs[k])
    width = 1
    while width < n:
        start = 0
        while start < n:
            middle = min(start + width, n)
            end = min(start + 2 * width, n)
            i, j = start, middle
            for k in range(start, end):
                if i < middle and (j >= end or not other[j] < other[i]):
                    xs[k] = other[i]
                    i += 1
                else:
                    xs[k] = other[j]
                    j += 1
            start = end
        for k in range(n):
            other[k] = xs[k]
        width *= 2


def sorted_reverse(xs: list[Any], other: list[Any], reverse: Any) -> None:
    if reverse:
        reversed_(xs)
    sorted_(xs, other)
    if reverse:
        reversed_(xs)


def sorted_by(xs: list[Any], keys: list[Any], other: list[Any], other_keys: list[Any], reverse: Any) -> None:
    if reverse:
        reversed_(xs)
        reversed_(keys)
    n = len(xs)
    for k in range(n):
        if unordered(keys[k]):
            raise ValueError(UNORDERED)
        other.append(xs[k])
        other_keys.append(keys[k])
    width = 1
    while width < n:
        start = 0
        while start < n:
            middle = min(start + width, n)
            end = min(start + 2 * width, n)
            i, j = start, middle
            for k in range(start, end):
                if i < middle and (j >= end or not other_keys[j] < other_keys[i]):
                    xs[k] = other[i]
                    keys[k] = other_keys[i]
                    i += 1
                else:
                    xs[k] = other[j]
                    keys[k] = other_keys[j]
                    j += 1
            start = end
        for k in range(n):
            other[k] = xs[k]
            other_keys[k] = keys[k]
        width *= 2
    if reverse:
        reversed_(xs)


# Reductions


def constant(x: Any) -> Any:
    """Its argument; the derivative does not see it."""
    return x


def total(items: Any, start: Any) -> Any:
    for item in items:
        start = start + item
    return start


def compensated_total(items: Any, start: Any) -> Any:
    """A sum of floats with what rounding has lost added at the end (Neumaier), as CPython does from 3.12 on.

    The first sum of an int and a float is a plain one. The derivative is that of the plain sum.
    """
    lost = 0.0
    first = isinstance(start, int)
    for item in items:
        more = start + item
        if not first:
            if abs(start) >= abs(item):
                lost += constant((start - more) + item)
            else:
                lost += constant((item - more) + start)
        first = False
        start = more
    if lost != 0.0 and math.isfinite(lost):
        return start + lost
    return start


def exact_total(seq: Any) -> float:
    """`math.fsum`: the exact sum, rounded once; its derivative is that of the plain sum.

    Source: Shewchuk 1997, "Adaptive precision floating-point arithmetic".
    """
    partials: list[float] = []
    special, total = 0.0, 0.0
    for item in seq:
        total = total + float(item)
        x = constant(float(item))
        original, count = x, 0
        for k in range(len(partials)):
            y = partials[k]
            if abs(x) < abs(y):
                x, y = y, x
            high = x + y
            low = y - (high - x)
            if low != 0.0:
                partials[count] = low
                count += 1
            x = high
        while len(partials) > count:
            partials.pop()
        if math.isfinite(x):
            if x != 0.0:
                partials.append(x)
            continue
        if math.isfinite(original):
            raise OverflowError("intermediate overflow in fsum")
        if math.isinf(original) and math.isinf(special) and original != special:
            raise ValueError("-inf + inf in fsum")
        special = special + original
        partials.clear()
    if special != 0.0:  # nor is nan
        return special
    rounded = _rounded(partials)
    return rounded + (total - constant(total)) if math.isfinite(total) else rounded


def _rounded(partials: list[float]) -> float:
    """The sum of numbers that do not overlap, from the largest down, rounded half to even."""
    n = len(partials) - 1
    if n < 0:
        return 0.0
    high, low = partials[n], 0.0
    while n > 0 and low == 0.0:
        n -= 1
        x, y = high, partials[n]
        high = x + y
        low = y - (high - x)
    if n > 0 and ((low < 0.0 and partials[n - 1] < 0.0) or (low > 0.0 and partials[n - 1] > 0.0)):
        y = low * 2.0  # what was rounded to even lay beyond the half
        x = high + y
        if y == x - high:
            high = x
    return high


def any_(items: Any) -> bool:
    for item in items:
        if item:
            return True
    return False


def all_(items: Any) -> bool:
    for item in items:
        if not item:
            return False
    return True


def least(items: list[Any]) -> Any:
    best = items[0]
    for k in range(1, len(items)):
        if items[k] < best:
            best = items[k]
    return best


def greatest(items: list[Any]) -> Any:
    best = items[0]
    for k in range(1, len(items)):
        if items[k] > best:
            best = items[k]
    return best


def least_by(items: list[Any], keys: list[Any]) -> Any:
    at = 0
    for k in range(1, len(items)):
        if keys[k] < keys[at]:
            at = k
    return items[at]


def greatest_by(items: list[Any], keys: list[Any]) -> Any:
    at = 0
    for k in range(1, len(items)):
        if keys[k] > keys[at]:
            at = k
    return items[at]


def least_or(items: list[Any], default: Any) -> Any:
    return least(items) if len(items) else default


def greatest_or(items: list[Any], default: Any) -> Any:
    return greatest(items) if len(items) else default


def least_by_or(items: list[Any], keys: list[Any], default: Any) -> Any:
    return least_by(items, keys) if len(items) else default


def greatest_by_or(items: list[Any], keys: list[Any], default: Any) -> Any:
    return greatest_by(items, keys) if len(items) else default


LOOPS: dict[str, Callable[..., Any]] = {
    "all": all_,
    "any": any_,
    "array": array,
    "chained": chained,
    "compensated_total": compensated_total,
    "counted": counted,
    "deleted_every": deleted_every,
    "equal": equal,
    "extended": extended,
    "filled": filled,
    "flat": flat,
    "flattened": flattened,
    "found": found,
    "found_between": found_between,
    "greatest": greatest,
    "greatest_by": greatest_by,
    "greatest_by_or": greatest_by_or,
    "greatest_or": greatest_or,
    "handed_over": handed_over,
    "inserted": inserted,
    "iterated": iterated,
    "keys": keys,
    "least": least,
    "least_by": least_by,
    "least_by_or": least_by_or,
    "least_or": least_or,
    "lengths": lengths,
    "less": less,
    "multiplied": multiplied,
    "not_more": not_more,
    "packed": packed,
    "packed_planes": packed_planes,
    "planes": planes,
    "popped": popped,
    "present": present,
    "removed": removed,
    "repeated": repeated,
    "replaced": replaced,
    "replaced_every": replaced_every,
    "reversed": reversed_,
    "rows": rows,
    "slice": slice_,
    "sorted": sorted_,
    "sorted_by": sorted_by,
    "sorted_reverse": sorted_reverse,
    "stepped": stepped,
    "taken_over": taken_over,
    "three_together": three_together,
    "to_list": to_list,
    "together": together,
    "total": total,
    "total_size": total_size,
}
"""Name -> what the frontend calls under it."""

"""The canonical instructions that every version's bytecode is translated to.

The canonical operations work on a stack of objects and nulls:

| operation | argument | meaning |
|---|---|---|
| `const` | object | push it |
| `load` `store` `delete` | name | a local |
| `load_cell` `store_cell` `delete_cell` `closure` | name | a cell or free variable; `closure`: the cell |
| `global` `store_global` | name | a global or builtin |
| `attr` `store_attr` | name | an attribute |
| `null` `pop` `copy` `swap` | - or depth | the stack itself; `null` lies beside a callee without self |
| `truth` | - | whether the object is true, as a bool |
| `binary` `unary` `compare` | operator | `+=` is in place; `compare` also `is`, `is not`, `in`, `not in` |
| `subscript` `store_subscript` `slice` | - or count | indexing; `slice` takes 2 or 3 bounds |
| `tuple` `list` `unpack` `extend` `string` | count | displays; `string` joins formatted pieces |
| `unpack_star` | counts | `a, *b, c = t`; names before the star in the low byte, behind it in the next |
| `append` `list_to_tuple` | depth or - | one more item for a list on the stack; the list is a tuple |
| `start_loop` | - | swap the two on top: the iterator of a comprehension comes above its list |
| `lazy_list` | - | the list of what a generator expression gives |
| `load_and_clear` | name | a local that a comprehension uses; gone once `comprehensions.py` is done |
| `consumed` | name | `any` or `all`, called with something whose answer lies on top of the stack |
| `map` `const_map` | count | a dict from pairs, or from values and a tuple of names |
| `merge` | count | the dict below takes up the entries of the one on top; no key twice |
| `update_map` | count | the dict below takes up the entries of the one on top |
| `convert` `format` `format_spec` | conversion or - | `!r`; then formatting without or with a specification |
| `call` | (count, names) | callee and self or null below the arguments, the last ones by name |
| `import_name` | name | the module, for a level and a tuple of wanted names or None |
| `call_star` | - | callee and null, a sequence of arguments, a dict of named ones or null |
| `function` | flags | an inner function; flags 1, 2, 4, 8, 16 say what lies below its code |
| `iter` | | an iterator |
| `for_iter` | | two ways: the body, or the exit, where the iterator is gone |
| `delegate` `delegated` | | around a `yield from`: its iterator twice; instead of it, what it has returned |
| `next_item` | | first in the body: push the item |
| `jump` `branch` `branch_none` | | `branch` pops; two ways: true (`branch_none`: it is None), and not |
| `return` `raise` `assertion` | - or count | |
| `push_handled` `pop_handled` | | the exception on top is handled, the one before it lies below; and back |
| `matches` | | pop classes, push whether the exception below is of them |
| `reraise` | | raise the exception on top again |
| `get_length` `match_kind` | - or kind | above the subject: its length, whether it is a sequence or mapping |
| `match_keys` `match_class` | - or count | push the values of the keys, of the names of an object; or None |
| `refuse` | what | a construct that is not compiled; a key of `refusals.CONSTRUCTS` |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


class Position(NamedTuple):
    """A span of source text; line counts from 1, columns count UTF-8 bytes from 0, any may be unknown."""

    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None


class Handler(NamedTuple):
    """Where an exception goes: the number of an instruction, and the stack that it finds there.

    `depth` entries are left of the stack; above them, where `lasti` says so, lies the place of the failing
    instruction, and on top the exception.
    """

    target: int
    depth: int
    lasti: bool


@dataclass(slots=True)
class Instruction:
    """A canonical operation. `targets` are numbers of instructions in the decoded list; `handler` is where an
    exception goes."""

    op: str
    arg: Any
    offset: int
    position: Position
    targets: tuple[int, ...] = ()
    handler: Handler | None = None

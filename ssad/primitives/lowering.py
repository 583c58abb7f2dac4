"""The `llvm` column: data that says how a primitive becomes LLVM text; `backend/llvm.py` is the one reader.

A template is expanded with `str.format`: `{0}`, `{1}`, ... operands without their types; `{T}` the LLVM type
of operand 0, `{R}` of the result, `{S}` the suffix that intrinsics have for `{T}` (`f64`, `i32`), `{bits}`
its width and `{last}` its width less one; `{r}` the name of the result, from which temporaries are made
(`{r}.c`); `{fp}` the floating-point flags (with a space behind if there are any). Literal braces are doubled.
Intrinsics need no declaration (LLVM declares them).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Template:
    """LLVM text, several lines where one instruction is not enough; the last line defines `{r}`."""

    text: str


@dataclass(frozen=True)
class ByKind:
    """A lowering for each kind of the first operand's type: f(loat), i (signed), u(nsigned), b(ool)."""

    f: Lowering | None = None
    i: Lowering | None = None
    u: Lowering | None = None
    b: Lowering | None = None


@dataclass(frozen=True)
class Intrinsic:
    """The intrinsic `name` with the type's suffix (`llvm.exp` -> `llvm.exp.f64`); it becomes the libm call.

    `vector` is the stem of the glibc libmvec function ("exp" -> `_ZGVdN4v_exp`, f32 `_ZGVdN8v_expf`), or "".
    """

    name: str
    vector: str = ""


@dataclass(frozen=True)
class Libm:
    """A call of the libm function `name` (f32: `name` + "f"), pure: `nounwind willreturn memory(none)`.

    With `nobuiltin`, LLVM must not know the function: it would rewrite `pow(x, 0.5)` or `exp2(n)` to
    something whose last bit differs. `vector` as in `Intrinsic`.
    """

    name: str
    vector: str = ""
    nobuiltin: bool = False


@dataclass(frozen=True)
class Runtime:
    """A call of the support function `name` (f64 only: f32 operands are extended, the result truncated).

    `text` is its LLVM definition (`internal`), put once into each module that calls it. `vector` as in
    `Intrinsic`: the libmvec function that may stand for it.
    """

    name: str
    text: str
    vector: str = ""


@dataclass(frozen=True)
class Native:
    """Written by hand in `backend/llvm.py` under this name: memory, control and tapes."""

    name: str


Lowering = Template | Intrinsic | Libm | Runtime | Native | ByKind


def infix(f: str = "", i: str = "", u: str = "", b: str = "") -> ByKind:
    """One two-operand LLVM instruction per kind, e.g. `infix(f="fadd", i="add", u="add")`."""

    def template(instruction: str, flags: str) -> Template | None:
        return Template(f"{{r}} = {instruction} {flags}{{T}} {{0}}, {{1}}") if instruction else None

    return ByKind(template(f, "{fp}"), template(i, ""), template(u, ""), template(b, ""))

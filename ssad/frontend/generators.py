"""Generators: memory that a function goes on in (see `suspension.py`), made and gone through.

The fields of the memory are typed by what is stored, as attributes of objects are (see `cells.py`). Where the
generator and what goes through it are in one function in the end, `unbox` and `promote` make values of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ssad.frontend import cells
from ssad.frontend.abstract import CellOf, EnumerateOf, GeneratorOf, MapOf, Number, Unbound, ZipOf
from ssad.frontend.codes import unsupported
from ssad.frontend.context import Context, Gone, Rep, known
from ssad.frontend.sites import Site
from ssad.frontend.suspension import RESULT, STATE, VALUE
from ssad.ir.core import Op, Value
from ssad.ir.types import BOOL

if TYPE_CHECKING:
    from ssad.frontend.lift import Lifted


def make(ctx: Context, lifted: Lifted, free: tuple[str, ...], args: list[Rep]) -> Rep:
    """A generator that has not begun."""
    ctx.made += 1  # one call may make several, one within another
    site = ctx.engine.sites.at(ctx, lifted.function.name, which=str(ctx.made))
    made = Rep(GeneratorOf(site, lifted), cells.rooms(ctx, site))
    names = [param.name for param in lifted.params]
    for name, rep in zip([*names, *map(_captured, free)], args, strict=True):
        cells.write(ctx, made, name, rep)
    for name in lifted.code.co_varnames[len(names) :]:
        cells.write(ctx, made, name, Rep(Unbound()))
    cells.write(ctx, made, STATE, known(0))
    return made


def _captured(name: str) -> str:
    return f"free {name}"


def frame_load(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.frame_load`: a field of a generator's memory; Gone where nothing has been found in it so far."""
    name = op.attrs["name"]
    site = operands[0].abstract.site  # type: ignore[attr-defined]
    if name not in (site.found if ctx.block is None else site.content):
        raise Gone
    value = cells.read(ctx, operands[0], name)
    return cells.bound(ctx, value, name) if op.attrs["local"] else value


def free_load(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.frame_free`: the value of a variable that the generator has captured."""
    name = op.attrs["name"]
    rep = cells.read(ctx, operands[0], _captured(name))
    return (
        cells.content(ctx, rep, name)
        if isinstance(rep.abstract, CellOf) and not op.attrs.get("cell")
        else rep
    )


def frame_store(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.frame_store`."""
    cells.write(ctx, operands[0], op.attrs["name"], operands[1])
    return operands[1]


def delegated(ctx: Context, op: Op, operands: list[Rep]) -> Rep:
    """`py.delegated`: what a generator that has ended returned; None for all else."""
    kind = operands[0].abstract
    if not isinstance(kind, GeneratorOf) or not kind.lifted.returns:
        return known(None)
    if RESULT not in (kind.site.found if ctx.block is None else kind.site.content):
        raise Gone
    return cells.read(ctx, operands[0], RESULT)


def more(ctx: Context, rep: Rep) -> Value:
    """Whether the generator yields once more; what it yields lies in its memory then."""
    from ssad.frontend.calls import resume

    result = resume(ctx, rep)
    assert isinstance(result.abstract, Number)
    return ctx.cast(result.parts[0], BOOL)


def next_(ctx: Context, rep: Rep, default: Rep | None) -> Rep:
    """`next(g)`, `next(g, default)`."""
    if not isinstance(rep.abstract, GeneratorOf):
        cure = "assign a generator expression to a variable first"
        raise unsupported("iteration", f"next of {rep.abstract} is not compiled", ctx.loc, cure)
    there = more(ctx, rep)
    if default is None:
        if ctx.instance is not None and ctx.instance.lifted.generator:  # PEP 479
            ctx.check(there, "RuntimeError", "generator raised StopIteration")
        else:
            ctx.check(there, "StopIteration", None)
        return item(ctx, rep)
    if not _yields(ctx, rep):
        return default
    return ctx.select(there, item(ctx, rep), default)


def goes_through_one(rep: Rep) -> bool:
    """Whether asking for an item changes a generator, or may raise as a strict `zip` does."""
    kind = rep.abstract
    return isinstance(kind, GeneratorOf) or (
        (isinstance(kind, ZipOf) and kind.tag is not None)
        or (isinstance(kind, EnumerateOf | ZipOf | MapOf) and any(map(goes_through_one, rep.items())))
    )


def shared(reps: Sequence[Rep]) -> bool:
    """Whether two of these may go through one generator."""
    sites = [site for rep in reps for site in dict.fromkeys(_sites(rep))]
    return len(sites) > len(set(sites))


def _sites(rep: Rep) -> list[Site]:
    """The sites of the generators that a value goes through."""
    kind = rep.abstract
    if isinstance(kind, GeneratorOf):
        return [kind.site.root]
    if isinstance(kind, EnumerateOf | ZipOf | MapOf):
        return [site for item in rep.items() for site in _sites(item)]
    return []


def _yields(ctx: Context, rep: Rep) -> bool:
    """Whether a `yield` has been found that control gets to."""
    site = rep.abstract.site  # type: ignore[attr-defined]
    return VALUE in (site.found if ctx.block is None else site.content)


def item(ctx: Context, rep: Rep) -> Rep:
    """What the generator has yielded last."""
    if not _yields(ctx, rep):
        raise Gone
    return cells.read(ctx, rep, VALUE)

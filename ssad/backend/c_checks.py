"""What an exported function asks of its arguments before it touches anything: C code that returns -1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ssad.ir.types import Array

if TYPE_CHECKING:
    from ssad.backend.c_glue import Entry


@dataclass(frozen=True)
class _Place:
    """An array that the caller describes.

    written by the call; optional: allocated where there is no data; source: whose shape it must have
    """

    name: str
    type: Array
    written: bool
    source: str = ""
    optional: bool = False


def checks(entry: Entry) -> list[str]:
    """Statements that return -1 where a pointer is null, or an array has a wrong shape, layout or alignment,
    or shares memory with another one of which one is written.
    """
    lines = [
        _fail(f"!{name}", f"{name} is a null pointer")
        for type, name in entry.parameters()
        if type.endswith("*")
    ]
    places = list(_places(entry))
    for place in places:
        lines += _fits(place)
    for n, a in enumerate(places):
        if a.written:
            lines.append(_fail(f"ssad_span_{a.name}.repeats", f"{a.name} repeats its elements"))
        for b in places[:n]:
            if a.written or b.written:
                overlap = f"ssad_overlap(&ssad_span_{a.name}, &ssad_span_{b.name})"
                lines.append(_fail(overlap, f"{a.name} overlaps {b.name}"))
    return lines


def _fail(condition: str, what: str) -> str:
    return f'  if ({condition}) return ssad_bad("{what}");'


def _places(entry: Entry) -> Iterator[_Place]:
    for value in entry.inputs:
        if isinstance(value.type, Array) and value.name:
            shadow = value.kind == "shadow"
            source = entry.inputs[value.of].name if shadow else ""
            yield _Place(value.name, value.type, shadow or value.written, source)
    for result in entry.outputs:
        if isinstance(result.type, Array) and result.name:
            yield _Place(result.name, result.type, True, optional=True)


def _fits(place: _Place) -> list[str]:
    """Look at one array: `ssad_span_NAME` says where it lies."""
    name, rank = place.name, place.type.rank
    span = f"ssad_span_{name}"
    look = f"ssad_look({rank}, {name}->data, {name}->shape, {name}->strides, {place.type.elem.bytes})"
    if place.optional:
        look = f"{name}->data ? {look} : (ssad_span){{.size = 1}}"
    lines = [
        f"  const ssad_span {span} = {look};",
        _fail(f"{span}.negative", f"{name} has a negative length"),
        _fail(f"{span}.null", f"{name} has no data"),
        _fail(f"{span}.low % {place.type.elem.bytes}", f"{name} is not aligned"),
    ]
    if place.source:
        wrong = " || ".join(f"{name}->shape[{k}] != {place.source}->shape[{k}]" for k in range(rank))
        lines.append(_fail(wrong, f"{name} has not the shape of {place.source}"))
    if place.type.layout != "A" and not place.optional:
        fortran = int(place.type.layout == "F")
        contiguous = f"ssad_is_contiguous({rank}, {name}->shape, {name}->strides, {fortran})"
        lines.append(
            _fail(f"!{contiguous}", f"{name} is not contiguous in {'Fortran' if fortran else 'C'} order")
        )
    return lines

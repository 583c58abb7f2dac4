"""f-strings: one `py.format` with a template in the language of `str.format`."""

from __future__ import annotations

from ssad.frontend.frame import Frame
from ssad.frontend.instruction import Instruction
from ssad.ir.core import Value


def convert(frame: Frame, at: Instruction) -> None:
    """`{x!r}` up to where its specification would begin."""
    frame.push(frame.emit("py.format", frame.pop(), template=f"{{0!{at.arg}}}"))


def format_simple(frame: Frame, at: Instruction) -> None:
    """`{x}`; what was converted is a string already."""
    value = frame.pop()
    if frame.producer(value, "py.format") is None:
        value = frame.emit("py.format", value, template="{0}")
    frame.push(value)


def format_spec(frame: Frame, at: Instruction) -> None:
    """`{x:>10}` or `{x:{width}}`: the specification goes into the template where it is known."""
    value, spec = frame.pop_many(2)
    field = "0"
    converted = frame.producer(value, "py.format")
    if converted is not None and converted.attrs["template"][:3] == "{0!" and frame.withdraw(converted):
        value = converted.operands[0]
        field = converted.attrs["template"][1:-1]
    literal = frame.producer(spec, "py.const")
    text = literal.attrs.get("value") if literal is not None else None
    if isinstance(text, str) and "{" not in text and "}" not in text:
        frame.push(frame.emit("py.format", value, template=f"{{{field}:{text}}}"))
    else:
        frame.push(frame.emit("py.format", value, spec, template=f"{{{field}:{{1}}}}"))


def join(frame: Frame, at: Instruction) -> None:
    """The pieces of an f-string in one template; a piece of several blocks stays an operand."""
    template = ""
    operands: list[Value] = []
    for piece in frame.pop_many(at.arg):
        literal = frame.producer(piece, "py.const")
        part = frame.producer(piece, "py.format")
        if literal is not None and isinstance(literal.attrs.get("value"), str):
            template += literal.attrs["value"].replace("{", "{{").replace("}", "}}")
        elif part is not None and frame.withdraw(part):
            template += _shift(part.attrs["template"], len(operands))
            operands.extend(part.operands)
        else:
            template += f"{{{len(operands)}}}"
            operands.append(piece)
    if operands:
        frame.push(frame.emit("py.format", *operands, template=template))
    else:
        frame.push(frame.emit("py.const", value=template.format()))


def _shift(template: str, by: int) -> str:
    """The template of one field, for operands that begin at number `by`."""
    return template.replace("{1}", f"{{{1 + by}}}").replace("{0", f"{{{by}", 1)

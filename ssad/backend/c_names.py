"""Names in C: identifiers, keywords, collisions."""

from __future__ import annotations

from collections.abc import Iterable

_KEYWORD_TEXT = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t
    char8_t class compl complex concept const consteval constexpr constinit const_cast continue co_await
    co_return co_yield decltype default delete do double dynamic_cast else enum explicit export extern
    false float for friend goto if imaginary inline int int8_t int16_t int32_t int64_t uint8_t uint16_t
    uint32_t uint64_t intptr_t size_t long mutable namespace new noexcept not not_eq nullptr operator or
    or_eq private protected public register reinterpret_cast requires restrict return short signed
    sizeof static static_assert static_cast struct switch template this thread_local throw true try
    typedef typeid typename typeof typeof_unqual union unsigned using virtual void volatile wchar_t
    while xor xor_eq NULL EOF errno free malloc memcpy snprintf stdin stdout stderr main
"""
_KEYWORDS = frozenset(_KEYWORD_TEXT.split())


def identifier(name: str) -> str:
    """`name` as a C identifier: other characters become `_uXXXX`, a keyword gets an underscore behind.

    >>> identifier("λ"), identifier("double"), identifier("<lambda>")
    ('_u03BB', 'double_', '_u003Clambda_u003E')
    """
    plain = "".join(c if c.isascii() and (c.isalnum() or c == "_") else f"_u{ord(c):04X}" for c in name)
    if not plain or plain[0].isdigit():
        plain = f"_{plain}"
    if plain.startswith("ssad_"):
        plain = f"_{plain}"
    return f"{plain}_" if plain in _KEYWORDS else plain


class Names:
    """Hands out distinct identifiers; a name that is taken gets underscores behind."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)

    def new(self, name: str) -> str:
        """An identifier for `name` that nobody has yet."""
        made = identifier(name)
        while made in self.taken:
            made += "_"
        self.taken.add(made)
        return made

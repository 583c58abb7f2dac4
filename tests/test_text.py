"""The text form: its two laws on random modules, and hostile text that must be refused, never crash."""

import builtins
import pickle
import random
import string
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ssad.primitives  # noqa: F401
from ssad.errors import IRSyntaxError, VerifyError
from ssad.ir.core import Block, Const, Edge, Function, Location, Module, Op, Terminator, Undef, Value
from ssad.ir.equal import difference, same_module
from ssad.ir.parser import parse_module
from ssad.ir.primitive import PRIMITIVES
from ssad.ir.printer import describe_op, print_function, print_module
from ssad.ir.types import BOOL, F32, F64, I8, I64, NONE, OBJECT, U64, Type, array, parse_type, tape, tuple_of
from ssad.ir.verify import verify
from tests.golden import ARROW, BETWEEN, ROOT

# Random modules: well-formed, though rarely valid


TYPES = [
    *(F64, F32, I64, I8, U64, BOOL, NONE, OBJECT, array(F64, 1, "C"), array(F32, 3), array(I8, 2, "F")),
    *(tuple_of(), tuple_of(F64, tuple_of(I64)), tape(F64, I8), tape(F64, growable=True)),
]
NAMES = st.one_of(
    st.sampled_from(["", "x", "x.1", "x.1.1", "x.2", "1", "λ", "if", "func", "inf", "fwd", "f64"]),
    st.text(st.characters(exclude_categories=()), max_size=4),
)
FLOATS = st.floats(allow_nan=True, allow_infinity=True)
ATTRIBUTES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), FLOATS, NAMES),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=6,
)
ATTRIBUTE_DICTS = st.dictionaries(st.sampled_from(["a", "in", "func", "type", "x.y"]), ATTRIBUTES, max_size=3)
IMMEDIATES = st.one_of(
    FLOATS.map(lambda x: Const(F64, x)),
    st.floats(width=32).map(lambda x: Const(F32, x)),
    st.integers().map(lambda n: Const(I64, n)),
    st.integers(-128, 127).map(lambda n: Const(I8, n)),
    st.booleans().map(lambda b: Const(BOOL, b)),
    st.sampled_from(TYPES).map(Undef),
)
SPANS = st.none() | st.integers(0, 3)
NUMBER_OF = st.integers(0, 3)


@st.composite
def locations(draw: Callable[..., object], depth: int = 3) -> Location:
    outer = draw(st.none() | locations(depth - 1)) if depth else None
    return Location(
        draw(NAMES), draw(NAMES), draw(st.integers(0, 9)), *(draw(SPANS) for _ in range(3)), outer
    )


@st.composite
def functions(draw: Callable[..., object]) -> Function:
    function = Function("", draw(st.none() | locations()))
    function.attrs = draw(ATTRIBUTE_DICTS)
    function.result_types = draw(st.lists(st.sampled_from(TYPES), max_size=3))
    places = draw(st.lists(st.none() | locations(), min_size=1, max_size=4))
    values: list[Value] = []
    for _ in range(draw(st.integers(1, 4))):
        block = function.add_block(draw(NAMES))
        for _ in range(draw(NUMBER_OF)):
            values.append(block.add_param(draw(st.sampled_from(TYPES)), draw(NAMES)))
        for _ in range(draw(NUMBER_OF)):
            type_ = draw(st.none() | st.sampled_from(TYPES))
            prim = PRIMITIVES[draw(st.sampled_from(sorted(PRIMITIVES)))]
            op = Op(prim, [], draw(ATTRIBUTE_DICTS), type_, draw(st.sampled_from(places)), draw(NAMES))
            block.ops.append(op)
            values += [op.result] if op.result is not None else []
    operands = st.lists(st.one_of(IMMEDIATES, *([st.sampled_from(values)] if values else [])), max_size=3)
    for block in function.blocks:
        for op in block.ops:
            op.operands = draw(operands)
        block.term = draw(terminators(function, operands, places))
        block.sweep = draw(st.sampled_from(["", "fwd", "rev"]))
        block.reverses = draw(st.none() | st.sampled_from(function.blocks))
        if draw(st.booleans()):
            block.mirrors = (
                draw(st.sampled_from(function.blocks)),
                draw(st.sampled_from([*values, Const(I64, 1)])),
            )
    return function


@st.composite
def terminators(
    draw: Callable[..., object],
    function: Function,
    operands: st.SearchStrategy[list[Value]],
    places: list[Location | None],
) -> Terminator:
    def edge() -> Edge:
        return Edge(draw(st.sampled_from(function.blocks)), draw(operands))

    loc = draw(st.sampled_from(places))
    kind = draw(st.sampled_from(["jump", "branch", "return", "raise", "unfinished"]))
    if kind == "jump":
        return Terminator(kind, [], [edge()], None, loc)
    if kind == "branch":
        return Terminator(kind, [draw(IMMEDIATES)], [edge(), edge()], None, loc)
    if kind == "unfinished":
        return Terminator(kind)
    return Terminator(kind, draw(operands), [], draw(ATTRIBUTE_DICTS) if kind == "raise" else None, loc)


@st.composite
def modules(draw: Callable[..., object]) -> Module:
    module = Module()
    for _ in range(draw(st.integers(0, 2))):
        function = draw(functions())
        function.name = draw(NAMES) or "f"
        module.add(function)
    return module


def many(count: int) -> settings:
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


@many(150)
@given(modules())
def test_printed_and_parsed_is_the_same(module: Module) -> None:
    text = print_module(module)
    assert all(c.isprintable() or c == "\n" for c in text)
    again = parse_module(text)
    assert difference(module, again) is None, text
    assert print_module(again) == text
    print_module(module, locations=False)
    for function in module.functions.values():
        assert print_function(function) in str(function)
        for op in function.ops():
            assert op.prim.name in describe_op(op)


# Differences are noticed


SAMPLE = """\
func @f(%x: f64, %n: i64) -> f64 {
^entry:
  jump ^loop(0, %x) @L1
^loop(%k: i64, %r: f64):
  %more = lt %k, %n : bool @L1
  branch %more, ^body, ^exit @L1
^body:
  %r.1 = mul %r, -2.0 {fp = "contract"} : f64 @L2
  %k.1 = add %k, 1 : i64
  jump ^loop(%k.1, %r.1)
^exit:
  return %r
}
loc @L1 = "f.py":2:4-2:20 in f
loc @L2 = "f.py":3:4-3:20 in f at @L1
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@f(", "@g("),
        ("%x: f64", "%x: f32"),
        ("-> f64", "-> f32"),
        ("lt %k, %n", "le %k, %n"),
        ("lt %k, %n", "lt %n, %k"),
        ("^body, ^exit", "^exit, ^body"),
        ("(0, %x)", "(1, %x)"),
        ("(0, %x)", "(0.0, %x)"),
        ("(0, %x)", "(0)"),
        ("-2.0", "2.0"),
        ("-2.0", "undef:f64"),
        ('"contract"', '"nsz"'),
        (": f64 @L2", ": f64 @L1"),
        (": f64 @L2", ": f64"),
        ("f at @L1", "f"),
        ("3:4-3:20", "3:4-3:21"),
        ("return %r", "return %x"),
        ("return %r", "raise %r"),
        ("^body:", "^body fwd:"),
        ("^body:", "^body of ^loop:"),
        ("^body:", "^body mirrors ^loop at %k:"),
        (" -> f64 {", " -> f64 {a = 1} {"),
        (" -> f64 {", " -> f64 @L1 {"),
    ],
)
def test_a_difference_is_noticed(old: str, new: str) -> None:
    changed = SAMPLE.replace(old, new)
    assert changed != SAMPLE
    assert not same_module(parse_module(SAMPLE), parse_module(changed))


def test_names_are_no_difference() -> None:
    renamed = SAMPLE.replace("%r", "%s").replace("^body", "^inside").replace("@L2", "@L9")
    assert same_module(parse_module(SAMPLE), parse_module(renamed))


# Hostile text


def accept_or_refuse(text: str) -> None:
    """Parsing may end in an IRSyntaxError, verifying in a VerifyError; what was parsed prints and parses."""
    try:
        module = parse_module(text)
    except IRSyntaxError as error:
        assert all(c.isprintable() or c == "\n" for c in str(error))
        return
    printed = print_module(module)
    assert same_module(module, parse_module(printed))
    for stage in (None, "lifted", "adjoint", "refined"):
        try:
            verify(module, stage)
        except VerifyError as error:
            assert error.invariant in str(error)


def cases() -> list[str]:
    texts = [path.read_text("utf-8") for path in sorted(ROOT.rglob("*.ssa"))]
    return [case.partition(f"{ARROW}\n")[0] for text in texts for case in text.split(f"{BETWEEN}\n")]


CASES = cases()
WORDS = (
    "func jump branch return raise loc at of mirrors fwd rev undef none true inf nan ( ) { } , : = "
    '> -> ^entry ^loop %x %k %more @f @L1 add lt store recall load f64 i64 bool f64[?] tuple< tape< "s" " '
    "^ % @ \\ 1 -1 1.0 0x1f 1.0:f32 :1 :1:2-3:4 # \0 \x1b \x85 \u2028 \ud800"
)
TOKENS = st.sampled_from([*WORDS.split(" "), *string.whitespace])


@many(400)
@given(
    st.sampled_from(CASES),
    st.lists(st.tuples(st.integers(0), st.integers(0, 3), TOKENS), min_size=1, max_size=4),
)
def test_mutated_text_is_accepted_or_refused(text: str, edits: list[tuple[int, int, str]]) -> None:
    for at, length, token in edits:
        at %= len(text) + 1
        text = text[:at] + token + text[at + length :]
    accept_or_refuse(text)


@many(300)
@given(st.sampled_from(CASES), st.randoms(use_true_random=False))
def test_shuffled_words_and_lines_are_accepted_or_refused(text: str, choice: random.Random) -> None:
    lines = text.splitlines()
    for _ in range(choice.randint(1, 3)):
        at, other = choice.randrange(len(lines)), choice.randrange(len(lines))
        words, others = lines[at].split(" "), lines[other].split(" ")
        if choice.random() < 0.5:
            words[choice.randrange(len(words))] = choice.choice(others)
            lines[at] = " ".join(words)
        else:
            lines[at], lines[other] = lines[other], lines[at]
    accept_or_refuse("\n".join(lines))


@many(200)
@given(st.text(st.characters(exclude_categories=())))
def test_noise_is_refused(text: str) -> None:
    accept_or_refuse(text)


DEEP = 100_000


def function_with(line: str) -> str:
    return f"func @f() -> () {{\n^entry:\n  {line}\n  return\n}}\n"


def returning(value: str) -> str:
    return f"func @f() -> f64 {{\n^entry:\n  return {value}\n}}\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("func @f() -> () {\0", "`\\x00`"),
        (function_with("%x = py.const {value = " + "(" * DEEP + ")" * DEEP + "} : object"), "nested deeper"),
        (function_with("%x = py.const {value = " + "(" * DEEP), "expected"),
        (returning("undef:" + "tuple<" * DEEP + ">" * DEEP), "nested deeper"),
        (f"func @f(%x: {'tuple<' * DEEP}f64{'>' * DEEP}) -> () {{\n^entry:\n  return\n}}", "nested deeper"),
        (f"func @f(%x: f64[{'?, ' * DEEP}?]) -> () {{\n^entry:\n  return\n}}", "more than 64 axes"),
        (returning("" + "9" * 5000), "integer of more than 4000 digits"),
        (function_with("%x = py.const {value = -" + "9" * 5000 + "} : object"), "more than 4000 digits"),
        (returning("1e" + "9" * 5000), "too large for a float"),
        (function_with("x" * DEEP), "no primitive called `xxx"),
        (returning("%" + "x" * DEEP), "is not defined"),
        (function_with("return @L" + "1" * DEEP), "expected"),
        ('loc @L1 = "f.py":' + "9" * 5000 + " in f", "expected"),
        ('loc @L1 = "f.py":1 in f at @L2\nloc @L2 = "f.py":1 in f at @L1', "not defined above"),
        ('loc @L1 = "f.py":1 in f\nloc @L1 = "f.py":1 in f', "defined twice"),
        ('loc @L1 = "f.py\x1b[2J":1 in f', "expected a string"),
        ('loc @L1 = "\\U00110000":1 in f', "no such escape"),
        ('loc @L1 = "f.py":1 in f x', "expected `at` or the end of the line"),
        ("func @\x1b[31mf() -> () {", "expected a function"),
        ("(" * DEEP, "expected"),
        ("^" * DEEP, "expected"),
        ('"' * DEEP, "expected"),
        ("\\" * DEEP, "expected"),
        ("f" * DEEP, "expected"),
        ("9" * DEEP, "expected"),
    ],
    ids=lambda text: ascii(text[:24]),
)
def test_hostile_text_is_refused(text: str, says: str) -> None:
    with pytest.raises(IRSyntaxError) as caught:
        parse_module(text, "hostile.ssa")
    shown = str(caught.value)
    assert says in shown
    assert len(shown) < 1000 and shown.count("\n") < 6
    assert "--> hostile.ssa:" in shown
    assert all(c.isprintable() or c == "\n" for c in shown)


def test_a_location_is_inlined_through_few_calls() -> None:
    chain = "".join(f'loc @L{n + 1} = "f.py":1 in f at @L{n}\n' for n in range(1, 600))
    with pytest.raises(IRSyntaxError, match="more than 500 calls"):
        parse_module(f'loc @L1 = "f.py":1 in f\n{chain}')


def test_hexadecimal_integers_have_no_limit() -> None:
    text = function_with(f"%x = py.const {{value = -0x{'f' * 5000}}} : object")
    assert print_module(parse_module(text)) == text


def test_a_hostile_type_in_an_attribute_is_refused() -> None:
    deep = "tuple<" * DEEP + ">" * DEEP
    module = parse_module(function_with(f'%x = alloc 1 {{type = "{deep}"}} : f64[?]'))
    with pytest.raises(VerifyError, match="V12"):
        verify(module)


def test_no_file_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    parse_module("")  # reads the grammar

    def refuse(file: object, *args: object, **kwargs: object) -> None:
        raise AssertionError(f"opens {file}")

    monkeypatch.setattr(builtins, "open", refuse)
    text = SAMPLE.replace("f.py", "/etc/passwd").replace("%r, -2.0", "%r, 1")
    with pytest.raises(VerifyError, match="V12"):
        verify(parse_module(text))
    with pytest.raises(IRSyntaxError):
        parse_module(SAMPLE.replace("%r.1", "%r"))


def test_the_line_of_a_file_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "bad.ssa"
    text = "func @f() -> () {\n^entry:\n\treturn %é, %y\n}\n"
    with pytest.raises(IRSyntaxError) as caught:
        parse_module(text, str(path))
    assert str(caught.value).splitlines()[1:] == [
        f"  --> {path}:3:9",
        "    3 | return %é, %y",
        "      |        ^^",
    ]


def test_a_value_from_elsewhere_is_marked_as_undefined() -> None:
    function, block = Function("f"), Block("entry")
    function.blocks.append(block)
    block.term = Terminator("jump", [], [Edge(Block("away"), [Value(F64, "x")])])
    assert 'jump ^"undefined away"(%"undefined x")' in print_function(function)


# Speed


def straight_line(count: int) -> str:
    ops = "".join(f"  %v.{n + 1} = mul %v.{n}, %t : f64 @L1\n" for n in range(count))
    head = "func @f(%v.0: f64, %t: f64) -> f64 {\n^entry:\n"
    return f'{head}{ops}  return %v.{count}\n}}\nloc @L1 = "f.py":1:2-3:4 in f\n'


def blocks_in_a_row(count: int) -> str:
    blocks = "".join(f"  jump ^b.{n}\n^b.{n}:\n" for n in range(count))
    return f"func @f() -> () {{\n^entry:\n{blocks}  return\n}}\n"


def calls(run: Callable[..., object], argument: object) -> int:
    """How many calls, of Python and C functions, `run(argument)` makes: no other process disturbs that."""
    count = 0

    def tick(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event.endswith("call")

    sys.setprofile(tick)
    try:
        run(argument)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("text_of", [straight_line, blocks_in_a_row])
def test_work_is_linear_in_the_size(text_of: Callable[[int], str]) -> None:
    small, large = text_of(500), text_of(4000)
    one, eight = parse_module(small), parse_module(large)
    assert print_module(eight) == large
    for run, little, much in ((parse_module, small, large), (print_module, one, eight), (verify, one, eight)):
        ratio = calls(run, much) / calls(run, little)
        assert ratio < 8.8, f"{run.__name__}: eight times the size makes {ratio:.1f} times the calls"


def test_a_long_text_takes_seconds_only() -> None:
    start = time.process_time()
    verify(parse_module(straight_line(10_000)))
    assert time.process_time() - start < 20


# Types


def test_equal_types_are_one_object() -> None:
    assert array(F64, 2) is array(F64, 2, "A") is array(F64, 2, layout="A") is parse_type("f64[?, ?]")
    assert array(F64, 1, "F") is array(F64, 1, "C") is parse_type("f64[?; C]") is parse_type(" f64[ ?;F ] ")
    assert tape(F64) is tape(F64, growable=False) is parse_type("tape<f64>")
    assert tuple_of(F64, tuple_of()) is parse_type("tuple<f64, tuple<>>")
    assert pickle.loads(pickle.dumps(tape(F64, growable=True))) is tape(F64, growable=True)


def test_a_record_of_many_nested_tapes_is_read_as_it_is_written() -> None:
    record = tape(*[tape(tape(F64))] * 60, growable=True)
    assert parse_type(str(record)) is record


@pytest.mark.parametrize("type_", [*TYPES, array(F64, 0), array(F64, 0, "C")], ids=str)
def test_a_type_is_read_as_it_is_written(type_: Type) -> None:
    assert parse_type(str(type_)) is type_


@pytest.mark.parametrize(
    "text", ["", "f63", "f64[", "f64[?", "f64[?;]", "f64[? ?]", "f64[?,]", "f64[?; X]", "tuple<"]
)
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a type"):
        parse_type(text)

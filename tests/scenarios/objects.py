"""Classes, properties, protocols, enums."""

from dataclasses import dataclass, field
from enum import Enum, IntEnum

from .registry import scenario


class Holder:
    def __init__(self, x):
        self.x = x


@scenario(lambda: (1.3,))
def attribute_added(a):
    class_ = Holder(a)
    class_.y = class_.x * 2
    return class_.y


class Partial:
    def __init__(self, a, b=None):
        self.a = a
        if b is not None:
            self.b = b


@scenario(lambda: (1.3,))
def attribute_on_some_objects(a):
    p = Partial(a)
    q = Partial(a, a * a)
    return p.a * q.b


@scenario(lambda: (1.3,))
def attribute_that_is_missing(a):
    p = Partial(a)
    try:
        return p.b
    except AttributeError:
        return a * 3


class Color(Enum):
    RED = 1
    BLUE = 2


class Size(IntEnum):
    A = 3
    B = 4


@scenario(lambda: (1.1, 4))
def enumerations(x, n):
    c = Color.RED
    s = 0.0
    if c is Color.RED:
        s += x
    if c == Color.BLUE:
        s += 100
    s += Size.A * x + c.value * x
    for e in Color:
        s += e.value * x
    return s + Color["BLUE"].value * x + Color(2).value * x + len(Color)


@dataclass
class Shelf:
    total: float = 0.0
    items: list = field(default_factory=list)

    def add(self, v):
        self.items.append(v)
        self.total += v
        return self

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]

    def __iter__(self):
        return iter(self.items)

    def __contains__(self, v):
        return v in self.items

    def __bool__(self):
        return self.total > 0

    def __iadd__(self, v):
        self.add(v)
        return self

    def __setitem__(self, i, v):
        self.items[i] = v


@scenario(lambda: (1.1, 4))
def protocols(x, n):
    a = Shelf()
    for i in range(n):
        a.add(x * i)
    s = a.total + len(a) * x + a[1]
    if a:
        s += x
    return s


@scenario(lambda: (1.1, 4))
def protocol_of_iteration(x, n):
    a = Shelf()
    a.add(x).add(2 * x)
    s = 0.0
    for v in a:
        s += v * v
    return s


@scenario(lambda: (1.1, 4))
def protocol_of_items(x, n):
    a = Shelf()
    a.add(x).add(2 * x)
    a[1] = x * x
    a += 3 * x
    return a[1] * a.total * (1 if x in a else 2)


@scenario(lambda: (1.1,))
def isinstance_of_unions(x):
    return x * 2 if isinstance(x, int | float) and isinstance(x, (int, (float, str))) else x


@scenario(lambda: (1.3,), refused="SSAD0103")
def class_inside(x):

    class C:
        def __init__(self, v):
            self._v = v

        @property
        def v(self):
            return self._v

        @v.setter
        def v(self, w):
            self._v = w * w

        @staticmethod
        def twice(y):
            return 2 * y

        @classmethod
        def make(cls, y):
            return cls(y)

    c = C.make(x)
    c.v = 3 * x
    return C.twice(c.v)


class Base:
    scale = 2.0

    def __init__(self, x):
        self.x = x

    def value(self):
        return self.x * self.scale

    def total(self):
        return self.value() + 1


class Derived(Base):
    scale = 3.0

    def __init__(self, x, y):
        super().__init__(x)
        self.y = y

    def value(self):
        return super().value() * self.y


@scenario(lambda: (1.3, 0))
def one_class_or_another(x, c):
    o = Derived(x, x * x) if c else Base(x)
    return o.total()


@scenario(lambda: (1.3, 1))
def objects_of_two_classes(x, c):
    os = [Base(x), Derived(x, 2.0)]
    s = 0.0
    for o in os:
        s += o.total()
    return s


@scenario(lambda: (1.3, 4), refused="SSAD0103")
def manager_inside(x, n):

    class CM:
        def __enter__(self):
            self.n = 0
            return self

        def __exit__(self, *a):
            self.n += 1
            return True

    with CM() as c:
        c.n += 5
        raise KeyError("a")
    return c.n * x


@scenario(lambda: (1.3, 5), refused="SSAD0103")
def dataclass_inside(x, n):

    @dataclass
    class P:
        a: float
        b: float = 2.0
        c: list = field(default_factory=list)

        def __post_init__(self):
            self.d = self.a * self.b

    p = P(x)
    p.c.append(x)
    q = P(x, b=x, c=[1.0])
    return p.d + q.d * q.c[0] + p.c[0]


class Halving:
    """An iterator by hand."""

    def __init__(self, value, end):
        self.value = value
        self.end = end

    def __iter__(self):
        return self

    def __next__(self):
        if abs(self.value) < self.end:
            raise StopIteration
        self.value *= 0.5
        return self.value


@scenario(lambda: (1.3, 0.1))
def iterator_by_hand(x, end):
    total = 0.0
    for k, v in enumerate(Halving(x, end)):
        total += k * v * v
    return total + sum(v * x for v in Halving(x * x, 2 * end))

"""Exceptions as control flow: handlers taken or not as the data will have it, and what they find."""

import math

import numpy as np

from .registry import case


def _positive(*shape, seed=61):
    return np.random.default_rng(seed).uniform(0.2, 1.0, size=shape)


class Diverged(Exception):
    """Carries a number."""


class TooLarge(Diverged):
    pass


@case(args=[lambda: (1.5, 2.0), lambda: (1.5, 0.0)], argnums=0)
def quotient_or_zero(x, y):
    try:
        return x / y
    except ZeroDivisionError:
        return 0.0


@case(args=[lambda: (_positive(6), np.array([1.0, 0.0, 2.0, 0.0, 0.5, 4.0]))], argnums=(0,))
def safe_division_sum(x, y):
    total = 0.0
    failed = 0
    for i in range(len(x)):
        try:
            total += float(x[i]) / float(y[i])
        except ZeroDivisionError:
            failed += 1
    return total * (1.0 + failed)


@case(args=[lambda: (_positive(5), 0.7), lambda: (_positive(3), 0.7)], argnums=(0, 1))
def index_error_ends_the_loop(x, t):
    s = 0.0
    i = 0
    try:
        while True:
            s = s * t + x[i]
            i += 1
    except IndexError:
        pass
    return s * i


@case(args=[lambda: (2.0, 0.5), lambda: (2.0, -0.5), lambda: (-2.0, -0.5)], argnums=(0, 1))
def fallback_formula(x, y):
    try:
        a = math.log(x)
        b = math.sqrt(y)
    except ValueError:
        a = x * x
        b = y * 3.0
    return a * b + x


@case(args=[lambda: (1.5,), lambda: (800.0,)])
def overflow_is_clipped(x):
    try:
        e = math.exp(x)
    except OverflowError:
        e = 10.0 * x
    else:
        e = e + 1.0
    finally:
        x = x * 2.0
    return e * x


def _newton(a, x):
    for _ in range(20):
        if x <= 0.0:
            raise Diverged(x * a)
        step = (x * x - a) / (2.0 * x)
        x = x - step
        if abs(step) < 1e-13:
            return x
    return x


@case(args=[lambda: (2.0, 1.0), lambda: (2.0, -1.0)], argnums=(0, 1))
def newton_retried_from_another_start(a, start):
    for attempt in range(3):
        try:
            return _newton(a, start) * a
        except Diverged as error:
            start = -start + 0.25 * attempt + 0.0 * error.args[0]
    return 0.0


@case(args=[lambda: (2.0, -1.5), lambda: (2.0, 1.5), lambda: (5.0, 1.5)], argnums=(0, 1))
def exception_carries_a_number(x, y):
    try:
        if y < 0.0:
            raise Diverged(x * y)
        if x > 4.0:
            raise TooLarge(x * x, 3.0 * y)
        z = x + y
    except TooLarge as error:
        z = error.args[0] * error.args[1]
    except Diverged as error:
        z = error.args[0] ** 3
    return z * x


@case(args=[lambda: (_positive(4), 2), lambda: (_positive(4), 9)], argnums=0)
def finally_writes_into_an_array(x, n):
    s = 0.0
    for i in range(n):
        try:
            s += x[i] * x[i]
            if s > 0.9:
                break
        except IndexError:
            s *= 1.5
            return s * x[0]
        finally:
            x[0] = x[0] * 0.5 + s
    return s + x[0]


@case(args=[lambda: (_positive(6), np.array([0.5, -1.0, 0.0, 2.0, -3.0, 0.0]))], argnums=(0, 1), smooth=False)
def nested_in_a_while_loop(x, y):
    s = 1.0
    i = 0
    while i < len(x):
        i += 1
        try:
            try:
                t = math.sqrt(y[i - 1])
            except ValueError:
                t = 1.0 / float(y[i - 1] + 1.0)
                continue
            s += float(x[i - 1]) / float(t)
        except ZeroDivisionError:
            s = s * x[i - 1]
            if i == 2:
                continue
        s = s + 0.125
    return s


@case(args=[lambda: (1.5, 2.0), lambda: (1.5, 0.0)], argnums=0)
def return_in_finally(x, y):
    r = x
    try:
        r = x / y
    finally:
        return r * 2.0  # noqa: B012


def _half_written(x, w):
    for i in range(len(w)):
        w[i] = x[i] * x[i]
        if i == 2:
            raise Diverged(w[i] + w[0])


@case(args=[lambda: (_positive(4), np.ones(5)), lambda: (_positive(4), np.ones(2))], argnums=(0, 1))
def helper_raises_with_the_array_half_written(x, w):
    extra = 0.0
    try:
        _half_written(x, w)
    except Diverged as error:
        extra = 7.0 * error.args[0]
    return extra + w[0] * w[1] + (w[len(w) - 1] if len(w) > 2 else 0.0)


@case(args=[lambda: (1.5, 0), lambda: (1.5, 1), lambda: (1.5, 2), lambda: (1.5, 3)])
def several_classes(x, n):
    table = (x, 2.0 * x)
    try:
        if n == 2:
            x = math.log(-x)
        if n == 3:
            x = x / (n - 3)
        y = table[n // 1 if n < 2 else 0]
    except (ValueError, IndexError):
        y = x * 5.0
    except ArithmeticError:
        y = x**3
    return y * x


@case(args=[lambda: (1.5, 0), lambda: (1.5, 1), lambda: (1.5, 2)])
def bare_except_and_else(x, n):
    y = x
    try:
        y = x * x
        z = y / n
    except:  # noqa: E722
        z = y * 3.0
    else:
        z = z * 2.0 + y
    return z


@case(args=[lambda: (1.5, 0), lambda: (1.5, 1), lambda: (1.5, 2)])
def raised_again_and_caught_outside(x, n):
    s = 0.0
    try:
        try:
            if n == 0:
                raise Diverged(x)
            if n == 1:
                raise TooLarge(x * x)
            s = x
        except TooLarge:
            s = 1.0
            raise
        except Diverged as error:
            s = 2.0
            raise TooLarge(error.args[0] * 4.0) from error
        finally:
            s += 10.0
    except Diverged as error:
        s = s * error.args[0]
    return s * x


@case(args=[lambda: (_positive(3), 2), lambda: (_positive(3), 0)], argnums=0)
def unbound_is_caught(x, n):
    for i in range(n):
        last = x[i]
    try:
        return last * last
    except UnboundLocalError:
        return x[0] * 3.0


@case(args=[lambda: (_positive(5),), lambda: (_positive(2),)])
def assertion_is_caught(x):
    try:
        assert len(x) > 3, f"only {len(x)}"
        s = x[3]
    except AssertionError:
        s = x[0] * x[1]
    return s * s


@case(args=[lambda: (np.array([0.5, -2.0, 3.0, 0.0]),)], argnums=0, smooth=False)
def break_through_finally(x):
    s = 1.0
    n = 0
    for v in x:
        try:
            if v == 0.0:
                break
            s *= math.log(v)
        except ValueError:
            s += v * v
            continue
        finally:
            n += 1
            s += 0.25
    return s * n


@case(args=[lambda: (0.3, 1.0), lambda: (3.0, 1.0)], argnums=(0, 1), smooth=False)
def bisection_by_exception(a, b):
    def g(t):
        if t * t > a:
            raise TooLarge(t)
        return t

    low, high = 0.0, b + a
    for _ in range(30):
        try:
            low = g(0.5 * (low + high))
        except TooLarge as error:
            high = error.args[0]
    return low * a + high * b


@case(args=[lambda: (2.0, 1), lambda: (2.0, 0)], argnums=0)
def local_changed_before_the_exception(x, n):
    y = x
    try:
        y = y * x
        y, z = y * x, 1.0
        w = z / n
        y = y * x
    except ZeroDivisionError:
        w = 3.0
    return y * w


@case(args=[lambda: (1.5, 3), lambda: (0.5, 3)], argnums=0)
def handler_leaves_two_loops(x, n):
    s = x
    for i in range(n):
        for j in range(n):
            try:
                s = s * 1.5 + i
                if s > 6.0:
                    raise Diverged
            except Diverged:
                return s * j
            s += x / (1.0 + j)
    return s


@case(args=[lambda n=n: (1.5, n) for n in (0, 2, 5, 7)])
def finally_with_a_loop_and_a_raise(x, n):
    try:
        try:
            return x / n
        finally:
            for k in range(3):
                x += k
                if k == 1 and n == 5:
                    break
            else:
                x *= 2.0
            if n == 7:
                raise Diverged(x)
    except ZeroDivisionError:
        return x
    except Diverged as error:
        return error.args[0] * 7.0


@case(args=[lambda n=n: (1.5, n) for n in (0, 1, 2)])
def handler_within_a_handler(x, n):
    s = x
    try:
        s = s / n
    except ZeroDivisionError:
        try:
            s = math.sqrt(s - 2.0)
        except ValueError:
            s = s * x
    try:
        s = s / (n - 1)
    except ArithmeticError as error:
        s += len(error.args)
        try:
            s = math.log(-s)
        except ValueError:
            s = s * s
        s = s * 1.5
    return s


@case(args=[lambda: (-1.5,), lambda: (-0.5,)], argnums=(), raises=ValueError)
def not_of_the_classes_caught(x):
    try:
        y = math.log(x)
    except (ZeroDivisionError, Diverged):
        y = 0.0
    finally:
        x = 1.0
    return y * x


@case(args=[lambda: (-1.5, 1), lambda: (-1.5, 2)], raises=OverflowError)
def raised_again(x, n):
    try:
        y = x / n
        if x < 0.0:
            raise OverflowError("{too} large", n, x)
    except ArithmeticError as error:
        if x > 100.0:
            return 1.0
        raise error
    return y


@case(args=[lambda: (-1.5,), lambda: (0.0,)], raises=Diverged)
def raised_from(x):
    try:
        y = math.log(x)
    except ValueError as error:
        raise Diverged("no logarithm", x) from error
    return y


@case(args=[lambda: (1.5,)], raises=KeyError)
def raised_in_a_handler(x):
    try:
        raise Diverged(x)
    except Diverged as error:
        raise KeyError(error.args[0])  # noqa: B904


@case(args=[lambda: (0.7, -1.5, 3), lambda: (0.7, 0.8, 3)], argnums=(0, 1))
def always_the_same_error(u, v, n):
    for _ in range(n):
        try:
            u = u * 0.5 + math.sqrt(v)
        except ValueError:
            u -= 0.25
    return u

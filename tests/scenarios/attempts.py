"""`try` in every place: exceptions of helpers, loops, closures, recursions; which parts run when."""

from itertools import product

from .registry import scenario


class Wrong(Exception):
    pass


def _fails(k):
    if k == 1:
        raise Wrong("one")
    elif k == 2:
        raise Wrong("two")
    elif k == 3:
        raise Wrong("three")


@scenario([lambda k=k: (k,) for k in (0, 1, -1)], argnums=())
def nothing_is_left_of_it(k):
    """The exception that was handled is not in the way of the next one."""
    try:
        _fails(k)
        kind = 1
    except:  # noqa: E722
        kind = 2
    if k == 0:
        _fails(2)
    return kind


@scenario([lambda ks=ks: ks for ks in product(range(4), repeat=3)], argnums=())
def one_in_another(i, j, k):
    log = 0
    try:
        try:
            log += 1
            _fails(i)
            log += 10
        except:  # noqa: E722
            log += 100
            _fails(j)
            log += 1000
    except:  # noqa: E722
        log += 10_000
        _fails(k)
        log += 100_000
    return log


@scenario([lambda kn=kn: kn for kn in ((3, 5), (1, 3), (0, 3), (0, 0))], argnums=())
def around_a_loop(k, n):
    log = 0
    try:
        for i in range(n):
            log += i
            if i == k:
                _fails(i)
    except Wrong:
        log += 100
    return i, log


def _descends(k):
    if k > 0:
        try:
            _descends(k - 1)
        except ValueError:
            return 12
    if k == 1:
        raise ValueError("at the bottom")
    return None


@scenario([lambda k=k: (k,) for k in (0, 1, 2, 10)], argnums=())
def in_a_recursion(k):
    return _descends(k)


@scenario([lambda v=v: (v,) for v in (-1, 4)], argnums=())
def in_what_is_mapped(x):
    def checked(z):
        if z < 0:
            raise ValueError("negative")
        return z

    def caught(z):
        try:
            return checked(-abs(z))
        except ValueError:
            return z

    try:
        return [v for v in map(checked, [1, 2, 3, x])]
    except ValueError:
        return [v for v in map(caught, [1, 2])]


@scenario([lambda n=n: (n,) for n in (3, 10)], argnums=())
def behind_a_loop(n):
    log = 0
    for i in range(n):
        try:
            if i > 5:
                raise ValueError
        except ValueError:
            log += 1
    else:
        try:
            try:
                try:
                    if i > 5:
                        raise ValueError
                except ValueError:
                    log += 10
                    raise ValueError from None
            except ValueError:
                log += 100
                raise ValueError from None
        except ValueError:
            log += 1000
    return log


@scenario(lambda: (1.3,))
def raised_again(x):
    try:
        raise ValueError("once")
    except Exception:
        try:
            raise
        except Exception:
            raise


@scenario([lambda t=t: t for t in product((True, False), repeat=3)], argnums=())
def with_else(x, y, z):
    log = 0
    if x:
        log += 1
        try:
            log += 2
            if y:
                raise Wrong("y")
            log += 4
        except Exception:
            log += 8
            try:
                try:
                    if z:
                        raise Wrong("z")
                    log += 16
                except Exception:
                    log += 32
                else:
                    log += 64
            except Exception:
                log += 128
            else:
                log += 256
        else:
            log += 512
    return log


@scenario([lambda t=t: t for t in product((True, False), repeat=2)], argnums=())
def with_finally(x, y):
    log = []
    try:
        log.append(1)
        if x:
            raise Wrong
        log.append(2)
    except Wrong:
        log.append(3)
    finally:
        try:
            if y:
                raise Wrong
        except Exception:
            log.append(4)
        else:
            log.append(5)
        finally:
            log.append(6)
    return log


@scenario([lambda: (0.0,), lambda: (2.0,)], argnums=())
def a_division_twice(y):
    try:
        1 / y
    except Exception:
        return 57005.0
    else:
        return 1 / y


@scenario([lambda: (1.3, True), lambda: (1.3, False)])
def returned_from_a_handler(x, fails):
    try:
        if fails:
            raise ZeroDivisionError
        r = x * x
    except Exception as error:
        r = x * 3.0 + len(error.args)
        return r
    return r * x

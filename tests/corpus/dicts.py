"""Dicts that are made and changed inside: keys come later, values change, functions fill them."""

import numpy as np

from .registry import case


def _normal(*shape, seed=233):
    return np.random.default_rng(seed).normal(size=shape)


def descended(parameters, gradient, rate):
    for name in parameters:
        parameters[name] -= rate * gradient[name]
    return parameters


@case(args=lambda: (_normal(3), 0.1), argnums=(0, 1))
def parameters_that_descend(x, rate):
    p = {"w": x[0], "b": x[1]}
    momentum = {"w": 0.0, "b": 0.0}
    for _ in range(4):
        g = {"w": 2.0 * p["w"] * x[2], "b": p["w"] + p["b"]}
        for name, value in g.items():
            momentum[name] = 0.9 * momentum[name] + value
        p = descended(p, momentum, rate)
    total = p["w"] * p["b"] + len(p)
    for value in momentum.values():
        total += value
    return total


@case(args=[lambda: (_normal(4), 0.3), lambda: (_normal(4), -0.3)], argnums=(0, 1))
def keys_that_come_later(x, t):
    d = {}
    d["a"] = x[0] * t
    if t > 0.0:
        d["b"] = x[1]
    else:
        d["c"] = 2
    total = d["a"] + d.get("b", 3.0) * d.get("never", t)
    if "c" in d and "b" not in d:
        total += d["c"] * x[2]
    d.update({"a": total, "e": x[3]})
    same = d
    same["a"] *= same["e"]
    return d["a"] + (1.0 if d else 2.0) + len(d)


@case(args=lambda: (_normal(3), 0.3), argnums=(0, 1))
def arrays_in_dicts(x, t):
    state = {"now": x.copy(), "next": np.zeros(3), "steps": 0, "name": "swap"}
    kept = state["now"]
    for _ in range(3):
        for i in range(3):
            state["next"][i] = state["now"][i] * t + state["now"][i - 1]
        state["now"], state["next"] = state["next"], state["now"]
        state["steps"] += 1
    return state["now"][0] * kept[1] * state["steps"] + len(state["name"])


@case(args=lambda: (_normal(3), -0.3), raises=KeyError)
def key_that_never_came(x, t):
    d = {"a": x[0]}
    if t > 0.0:
        d["b"] = x[1]
    return d["a"] + d["b"]


@case(args=lambda: (0.8, -0.3), argnums=(0, 1))
def made_of_pairs_and_taken_apart(x, y):
    d = dict(zip(("a", "b"), (x, y * x)), c=2.0)
    total = d.setdefault("c", x) + d.setdefault("e", x * x) * len(d)
    for key in ("a", "b"):
        d[key] *= 3.0
    return total + d["a"] * d["b"] + d["e"]


@case(args=lambda: (1.3, 3))
def dicts_in_dicts(x, n):
    """An inner dict is changed through the outer one, and replaced."""
    d = {"a": x, "inner": {"m": 2.0 * x}}
    for k in range(n):
        d["inner"]["m"] *= x
        d["inner"]["k"] = k * d["a"]
        d["other"] = {"m": d["inner"]["m"]}
    d["other"]["m"] += d["inner"]["k"]
    return d["inner"]["m"] * d["other"]["m"]

"""LLVM text of the gamma functions: CPython's algorithm for `gamma` and `lgamma`, not the C library's.

Source: Lanczos 1964, "A precision approximation of the gamma function"; the approximation of order 13 that
CPython uses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ssad.primitives.support import ATTRIBUTES, literal

_G = 6.024680040776729583740234375
_NUMERATOR = (
    23531376880.410759688572007674451636754734846804940,
    42919803642.649098768957899047001988850926355848959,
    35711959237.355668049440185451547166705960488635843,
    17921034426.037209699919755754458931112671403265390,
    6039542586.3520280050642916443072979210699388420708,
    1439720407.3117216736632230727949123939715485786372,
    248874557.86205415651146038641322942321632125127801,
    31426415.585400194380614231628318205362874684987640,
    2876370.6289353724412254090516208496135991145378768,
    186056.26539522349504029498971604569928220784236328,
    8071.6720023658162106380029022722506138218516325024,
    210.82427775157934587250973392071336271166969580291,
    2.5066282746310002701649081771338373386264310793408,
)
_DENOMINATOR = (
    0.0,
    39916800.0,
    120543840.0,
    150917976.0,
    105258076.0,
    45995730.0,
    13339535.0,
    2637558.0,
    357423.0,
    32670.0,
    1925.0,
    66.0,
    1.0,
)
# The Bernoulli numbers B(2k) of the expansions at infinity (DLMF 5.11.2, 5.15.8); eight terms do from FAR on.
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
FAR = 10.0

_LOG_PI = 1.144729885849400174143427351353058711647
_FACTORIALS = [float(math.factorial(n)) for n in range(23)]

INF, NAN, PI = literal(math.inf), literal(math.nan), literal(math.pi)


def _chain(name: str, coefficients: Sequence[float], step: str) -> str:
    """s = (s `step` x) + c for each of the coefficients, in order, from 0."""
    lines, last = [], "0.0"
    for n, coefficient in enumerate(coefficients):
        lines.append(f"  %{name}.{n}.x = {step} double {last}, %x")
        lines.append(f"  %{name}.{n} = fadd double %{name}.{n}.x, {literal(coefficient)}")
        last = f"%{name}.{n}"
    return "\n".join(lines)


def _lanczos(prefix: str) -> str:
    """The quotient of the two polynomials, in powers of x below 5 and of 1/x from there on."""
    last = len(_NUMERATOR) - 1
    return f"""define internal double @{prefix}.sum(double %x) {ATTRIBUTES} {{
  %small = fcmp olt double %x, 5.0
  br i1 %small, label %up, label %down
up:
{_chain("un", _NUMERATOR[::-1], "fmul")}
{_chain("ud", _DENOMINATOR[::-1], "fmul")}
  %u = fdiv double %un.{last}, %ud.{last}
  ret double %u
down:
{_chain("dn", _NUMERATOR, "fdiv")}
{_chain("dd", _DENOMINATOR, "fdiv")}
  %d = fdiv double %dn.{last}, %dd.{last}
  ret double %d
}}"""


def _sinpi(prefix: str) -> str:
    """sin(pi x), with the quarter period taken off before the multiplication."""
    return f"""define internal double @{prefix}.sinpi(double %x) {ATTRIBUTES} {{
  %size = call double @llvm.fabs.f64(double %x)
  %y = frem double %size, 2.0
  %twice = fmul double 2.0, %y
  %round = call double @llvm.round.f64(double %twice)
  %n = fptosi double %round to i32
  %y1 = fsub double %y, 0.5
  %y2 = fsub double 1.0, %y
  %y3 = fsub double %y, 1.5
  %y4 = fsub double %y, 2.0
  %n0 = icmp eq i32 %n, 0
  %n1 = icmp eq i32 %n, 1
  %n2 = icmp eq i32 %n, 2
  %n3 = icmp eq i32 %n, 3
  %a3 = select i1 %n3, double %y3, double %y4
  %a2 = select i1 %n2, double %y2, double %a3
  %a1 = select i1 %n1, double %y1, double %a2
  %a0 = select i1 %n0, double %y, double %a1
  %angle = fmul double {PI}, %a0
  %odd = or i1 %n1, %n3
  br i1 %odd, label %cosine, label %sine
cosine:
  %c = call double @llvm.cos.f64(double %angle)
  %c.n = fneg double %c
  %c.s = select i1 %n3, double %c.n, double %c
  br label %end
sine:
  %s = call double @llvm.sin.f64(double %angle)
  br label %end
end:
  %r = phi double [ %c.s, %cosine ], [ %s, %sine ]
  %sign = call double @llvm.copysign.f64(double 1.0, double %x)
  %signed = fmul double %sign, %r
  ret double %signed
}}"""


LGAMMA = f"""{_lanczos("ssad.lgamma")}
{_sinpi("ssad.lgamma")}
define internal double @ssad.lgamma(double %x) {ATTRIBUTES} {{
  %size = call double @llvm.fabs.f64(double %x)
  %nan = fcmp uno double %x, %x
  br i1 %nan, label %same, label %number
same:
  ret double %x
number:
  %inf = fcmp oeq double %size, {INF}
  br i1 %inf, label %pole, label %finite
pole:
  ret double {INF}
finite:
  %floor = call double @llvm.floor.f64(double %x)
  %whole = fcmp oeq double %x, %floor
  %low = fcmp ole double %x, 2.0
  %easy = and i1 %whole, %low
  br i1 %easy, label %integer, label %general
integer:
  %left = fcmp ole double %x, 0.0
  %there = select i1 %left, double {INF}, double 0.0
  ret double %there
general:
  %tiny = fcmp olt double %size, {literal(1e-20)}
  br i1 %tiny, label %near, label %lanczos
near:
  %log = call double @llvm.log.f64(double %size)
  %minus = fneg double %log
  ret double %minus
lanczos:
  %sum = call double @ssad.lgamma.sum(double %size)
  %sum.l = call double @llvm.log.f64(double %sum)
  %head = fsub double %sum.l, {literal(_G)}
  %half = fsub double %size, 0.5
  %up = fadd double %size, {literal(_G)}
  %up.h = fsub double %up, 0.5
  %up.l = call double @llvm.log.f64(double %up.h)
  %up.1 = fsub double %up.l, 1.0
  %most = fmul double %half, %up.1
  %r = fadd double %head, %most
  %negative = fcmp olt double %x, 0.0
  br i1 %negative, label %reflect, label %done
done:
  ret double %r
reflect:
  %sine = call double @ssad.lgamma.sinpi(double %size)
  %sine.a = call double @llvm.fabs.f64(double %sine)
  %sine.l = call double @llvm.log.f64(double %sine.a)
  %size.l = call double @llvm.log.f64(double %size)
  %r1 = fsub double {literal(_LOG_PI)}, %sine.l
  %r2 = fsub double %r1, %size.l
  %r3 = fsub double %r2, %r
  ret double %r3
}}"""

_TABLE = ", ".join(f"double {literal(x)}" for x in _FACTORIALS)
TGAMMA = f"""{_lanczos("ssad.tgamma")}
{_sinpi("ssad.tgamma")}
@ssad.tgamma.integral = internal constant [{len(_FACTORIALS)} x double] [{_TABLE}]
define internal double @ssad.tgamma(double %x) {ATTRIBUTES} {{
  %size = call double @llvm.fabs.f64(double %x)
  %negative = fcmp olt double %x, 0.0
  %positive = fcmp ogt double %x, 0.0
  %finite = fcmp olt double %size, {INF}
  br i1 %finite, label %number, label %odd
odd:
  %odd.r = select i1 %negative, double {NAN}, double %x
  ret double %odd.r
number:
  %zero = fcmp oeq double %x, 0.0
  br i1 %zero, label %pole, label %nonzero
pole:
  %inf = call double @llvm.copysign.f64(double {INF}, double %x)
  ret double %inf
nonzero:
  %floor = call double @llvm.floor.f64(double %x)
  %whole = fcmp oeq double %x, %floor
  br i1 %whole, label %integer, label %general
integer:
  br i1 %negative, label %none, label %natural
none:
  ret double {NAN}
natural:
  %in.table = fcmp ole double %x, {literal(float(len(_FACTORIALS)))}
  br i1 %in.table, label %table, label %general
table:
  %n = fptosi double %x to i64
  %at = sub i64 %n, 1
  %entry = getelementptr inbounds [{len(_FACTORIALS)} x double], ptr @ssad.tgamma.integral, i64 0, i64 %at
  %exact = load double, ptr %entry
  ret double %exact
general:
  %tiny = fcmp olt double %size, {literal(1e-20)}
  br i1 %tiny, label %near, label %large
near:
  %inverse = fdiv double 1.0, %x
  ret double %inverse
large:
  %out = fcmp ogt double %size, 200.0
  br i1 %out, label %limit, label %lanczos
limit:
  br i1 %negative, label %under, label %over
under:
  %sine.u = call double @ssad.tgamma.sinpi(double %x)
  %nothing = fdiv double 0.0, %sine.u
  ret double %nothing
over:
  ret double {INF}
lanczos:
  %y = fadd double %size, {literal(_G - 0.5)}
  %big = fcmp ogt double %size, {literal(_G - 0.5)}
  %q1 = fsub double %y, %size
  %z1 = fsub double %q1, {literal(_G - 0.5)}
  %q2 = fsub double %y, {literal(_G - 0.5)}
  %z2 = fsub double %q2, %size
  %z0 = select i1 %big, double %z1, double %z2
  %zg = fmul double %z0, {literal(_G)}
  %z = fdiv double %zg, %y
  %sum = call double @ssad.tgamma.sum(double %size)
  %exp = call double @llvm.exp.f64(double %y)
  %one = fcmp olt double %size, 140.0
  %half = fsub double %size, 0.5
  %quarter.x = fdiv double %size, 2.0
  %quarter = fsub double %quarter.x, 0.25
  %power = select i1 %one, double %half, double %quarter
  %root = call double @llvm.pow.f64(double %y, double %power)
  br i1 %negative, label %reflect, label %direct
reflect:
  %sine = call double @ssad.tgamma.sinpi(double %size)
  %r1 = fdiv double {literal(-math.pi)}, %sine
  %r2 = fdiv double %r1, %size
  %r3 = fmul double %r2, %exp
  %r4 = fdiv double %r3, %sum
  %r.z = fmul double %z, %r4
  %r5 = fsub double %r4, %r.z
  %r6 = fdiv double %r5, %root
  %r7 = fdiv double %r6, %root
  %r = select i1 %one, double %r6, double %r7
  ret double %r
direct:
  %d1 = fdiv double %sum, %exp
  %d.z = fmul double %z, %d1
  %d2 = fadd double %d1, %d.z
  %d3 = fmul double %d2, %root
  %d4 = fmul double %d3, %root
  %d = select i1 %one, double %d3, double %d4
  ret double %d
}}"""


def _polygamma(name: str, step: str, far: str, reflect: str) -> str:
    """Recurrence up to where the expansion holds, reflection from the left half."""
    return f"""define internal double @ssad.{name}(double %x) {ATTRIBUTES} {{
entry:
  %left = fcmp ole double %x, 0.0
  %other = fsub double 1.0, %x
  %from = select i1 %left, double %other, double %x
  br label %loop
loop:
  %t = phi double [ %from, %entry ], [ %t.next, %step ]
  %below = phi double [ 0.0, %entry ], [ %below.next, %step ]
  %near = fcmp olt double %t, {literal(FAR)}
  br i1 %near, label %step, label %end
step:
{step}
  %below.next = fadd double %below, %term
  %t.next = fadd double %t, 1.0
  br label %loop
end:
  %tt = fmul double %t, %t
  %square = fdiv double 1.0, %tt
{far}
  br i1 %left, label %reflect, label %done
done:
  ret double %right
reflect:
  %integer = call double @llvm.roundeven.f64(double %x)
  %part = fsub double %x, %integer
  %angle = fmul double {PI}, %part
{reflect}
}}"""


def _tail(coefficients: Sequence[float]) -> str:
    """s = (s + c) * square for each of the coefficients, in order, from 0."""
    lines, last = [], "0.0"
    for n, coefficient in enumerate(coefficients):
        lines.append(f"  %tail.{n}.c = fadd double {last}, {literal(coefficient)}")
        lines.append(f"  %tail.{n} = fmul double %tail.{n}.c, %square")
        last = f"%tail.{n}"
    return "\n".join([*lines, f"  %tail = fadd double {last}, -0.0"])


DIGAMMA = _polygamma(
    "digamma",
    step="  %term = fdiv double 1.0, %t",
    far=f"""{_tail([b / (2 * k) for k, b in enumerate(BERNOULLI, 1)][::-1])}
  %log = call double @llvm.log.f64(double %t)
  %half = fdiv double 0.5, %t
  %r1 = fsub double %log, %half
  %r2 = fsub double %r1, %tail
  %right = fsub double %r2, %below""",
    reflect=f"""  %pole = fcmp oeq double %part, 0.0
  %tan = call double @llvm.tan.f64(double %angle)
  %cot = fdiv double {PI}, %tan
  %r3 = fsub double %right, %cot
  %r = select i1 %pole, double {NAN}, double %r3
  ret double %r""",
)
TRIGAMMA = _polygamma(
    "trigamma",
    step="  %t.t = fmul double %t, %t\n  %term = fdiv double 1.0, %t.t",
    far=f"""{_tail(BERNOULLI[::-1])}
  %inverse = fdiv double 1.0, %t
  %half = fmul double 0.5, %square
  %r1 = fadd double %inverse, %half
  %last = fdiv double %tail, %t
  %r2 = fadd double %r1, %last
  %right = fadd double %r2, %below""",
    reflect=f"""  %sine = call double @llvm.sin.f64(double %angle)
  %ratio = fdiv double {PI}, %sine
  %ratio.2 = fmul double %ratio, %ratio
  %r = fsub double %ratio.2, %right
  ret double %r""",
)

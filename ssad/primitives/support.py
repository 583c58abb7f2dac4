"""LLVM text of the support functions whose C versions differ from CPython's in the last bits."""

from __future__ import annotations

import struct


def literal(x: float) -> str:
    """`x` as an LLVM double, exactly."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X}"


ATTRIBUTES = "noinline nounwind willreturn memory(none)"
"""Not inlined: a call can be vectorised where libmvec has the function, and the code stays small."""

# The sum of squares in twice the precision, then a Newton step of the root, as `math.hypot` does it. (Python
# 3.11 takes another way below 2**-1024, where results are subnormal and may differ in their last bit.)
# Source: Borges 2019, "An improved algorithm for hypot(a, b)", arXiv:1904.09481.
HYPOT = f"""define internal double @ssad.hypot(double %x, double %y) {ATTRIBUTES} {{
  %a = call double @llvm.fabs.f64(double %x)
  %b = call double @llvm.fabs.f64(double %y)
  %a.inf = fcmp oeq double %a, {literal(float("inf"))}
  %b.inf = fcmp oeq double %b, {literal(float("inf"))}
  %inf = or i1 %a.inf, %b.inf
  %nan = fcmp uno double %a, %b
  %first = fcmp ogt double %a, %b
  %max = select i1 %first, double %a, double %b
  %zero = fcmp oeq double %max, 0.0
  %odd = or i1 %inf, %nan
  %special = or i1 %odd, %zero
  br i1 %special, label %easy, label %hard
easy:
  %sum = fadd double %a, %b
  %end = select i1 %inf, double {literal(float("inf"))}, double %sum
  ret double %end
hard:
  %tiny = fcmp olt double %max, {literal(2.0**-1022)}
  %huge = fcmp ogt double %max, {literal(2.0**1000)}
  %unit.h = select i1 %huge, double {literal(2.0**100)}, double 1.0
  %unit = select i1 %tiny, double {literal(2.0**-1022)}, double %unit.h
  %a.n = fdiv double %a, %unit
  %b.n = fdiv double %b, %unit
  %max.n = fdiv double %max, %unit
  %bits = bitcast double %max.n to i64
  %exponent = lshr i64 %bits, 52
  %opposite = sub i64 2045, %exponent
  %scale.b = shl i64 %opposite, 52
  %scale = bitcast i64 %scale.b to double
  %u = fmul double %a.n, %scale
  %v = fmul double %b.n, %scale
  %u.h = fmul double %u, %u
  %u.n = fneg double %u.h
  %u.l = call double @llvm.fma.f64(double %u, double %u, double %u.n)
  %s1 = fadd double 1.0, %u.h
  %d1 = fsub double 1.0, %s1
  %e1 = fadd double %d1, %u.h
  %v.h = fmul double %v, %v
  %v.n = fneg double %v.h
  %v.l = call double @llvm.fma.f64(double %v, double %v, double %v.n)
  %s2 = fadd double %s1, %v.h
  %d2 = fsub double %s1, %s2
  %e2 = fadd double %d2, %v.h
  %low = fadd double %u.l, %v.l
  %lost = fadd double %e1, %e2
  %rest = fadd double %low, %lost
  %most = fsub double %s2, 1.0
  %square = fadd double %most, %rest
  %h = call double @llvm.sqrt.f64(double %square)
  %h.m = fneg double %h
  %h.h = fmul double %h.m, %h
  %h.n = fneg double %h.h
  %h.l = call double @llvm.fma.f64(double %h.m, double %h, double %h.n)
  %s3 = fadd double %s2, %h.h
  %d3 = fsub double %s2, %s3
  %e3 = fadd double %d3, %h.h
  %low.3 = fadd double %low, %h.l
  %lost.3 = fadd double %lost, %e3
  %rest.3 = fadd double %low.3, %lost.3
  %most.3 = fsub double %s3, 1.0
  %residual = fadd double %most.3, %rest.3
  %twice = fmul double 2.0, %h
  %step = fdiv double %residual, %twice
  %root = fadd double %h, %step
  %wide = fdiv double %root, %scale
  %result = fmul double %wide, %unit
  ret double %result
}}"""

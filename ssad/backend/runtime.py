"""The few functions that native code needs at run time, as LLVM text: the arena of a call and its growing
stacks.

The text goes into every module, with nothing but malloc and free below it, so that the JIT and the shared
library run the same code. Everything a call allocates comes from the arena of its context: a list of
malloc'ed blocks that grow geometrically. `ssad.reset` empties it after a call, on every way out, and keeps
one block for the next call.

The context is an array of 8-byte words:

    0      number of the failing site
    1..8   its payload
    9      next free byte of the current block
    10     end of the current block
    11     current block (its header: previous block, size)
    12     bytes in all blocks
    13     how many more calls of recursive functions may be nested; set by the entry
    14     lowest address that their frames may have; set by the entry
    15     limit that the caller wants for word 13, 0 for the default
    16     limit that the caller wants for word 14, 0 where the caller does not know its stack

A stack is three SSA values (base, cur, end) of its current chunk. In front of a chunk lie 64 bytes: base and
end of the previous chunk, base and end of the next one. A stack that is not empty has cur > base; in the
first chunk the lowest record stays free, so that a stack which is emptied and filled again asks for nothing.
"""

from __future__ import annotations

import sys

PAYLOAD_WORDS = 8
CONTEXT_WORDS = 20
DEFAULT_DEPTH = 1000
"""How deep recursion goes where the caller says nothing: CPython's default."""
DEFAULT_STACK_BYTES = 512 << 10
"""How much of the native stack recursion takes at most where the caller does not know its size."""
KEPT_BYTES = 64 << 20
"""What a context keeps allocated between calls, at most."""

SITE, PAYLOAD, CUR, END, BLOCK, TOTAL = 0, 1, 9, 10, 11, 12
DEPTH, LOWEST, WANTED_DEPTH, WANTED_LOWEST = 13, 14, 15, 16

_ADVISE = """
declare i32 @madvise(ptr, i64, i32)

define internal void @ssad.advise(ptr %block, i64 %size) #1 {
  %large = icmp uge i64 %size, HUGE_BYTES
  br i1 %large, label %ask, label %done
ask:
  %over = getelementptr i8, ptr %block, i64 2097151
  %start = call ptr @llvm.ptrmask.p0.i64(ptr %over, i64 -2097152)
  %length = sub i64 %size, 4194304
  %whole = and i64 %length, -2097152
  %ignored = call i32 @madvise(ptr %start, i64 %whole, i32 14)
  br label %done
done:
  ret void
}
"""
"""Linux hands out large pages of 2 MiB if it is asked for them (madvise(2), MADV_HUGEPAGE): what a tape of
hundreds of megabytes costs is mostly the faults of its first touch. It may refuse; nothing depends on it.
"""

_SAY_NOTHING = "define internal void @ssad.advise(ptr %block, i64 %size) #1 { ret void }\n"

HUGE_BYTES = 32 << 20
"""Blocks of at least this size are to have large pages."""

_ALLOC = """
declare noalias ptr @malloc(i64)
declare void @free(ptr)

define internal noalias align 64 ptr @ssad.alloc(ptr %ctx, i64 %bytes) #0 {
  %cur.at = getelementptr i64, ptr %ctx, i64 9
  %end.at = getelementptr i64, ptr %ctx, i64 10
  %more = call i64 @llvm.uadd.sat.i64(i64 %bytes, i64 63)
  %round = and i64 %more, -64
  %some = call i64 @llvm.umax.i64(i64 %round, i64 64)
  %cur = load ptr, ptr %cur.at
  %end = load ptr, ptr %end.at
  %cur.i = ptrtoint ptr %cur to i64
  %end.i = ptrtoint ptr %end to i64
  %room = sub i64 %end.i, %cur.i
  %fits = icmp ule i64 %some, %room
  br i1 %fits, label %take, label %slow, !prof !0
slow:
  %huge = icmp ugt i64 %bytes, 4611686018427387904
  br i1 %huge, label %fail, label %grow
grow:
  %ok = call i1 @ssad.grow(ptr %ctx, i64 %some)
  br i1 %ok, label %fresh, label %fail
fresh:
  %cur.new = load ptr, ptr %cur.at
  br label %take
take:
  %p = phi ptr [ %cur, %0 ], [ %cur.new, %fresh ]
  %next = getelementptr i8, ptr %p, i64 %some
  store ptr %next, ptr %cur.at
  ret ptr %p
fail:
  ret ptr null
}

define internal i1 @ssad.grow(ptr %ctx, i64 %need) #1 {
  %cur.at = getelementptr i64, ptr %ctx, i64 9
  %end.at = getelementptr i64, ptr %ctx, i64 10
  %block.at = getelementptr i64, ptr %ctx, i64 11
  %total.at = getelementptr i64, ptr %ctx, i64 12
  %total = load i64, ptr %total.at
  %least = call i64 @llvm.umax.i64(i64 %total, i64 65536)
  %wish = call i64 @llvm.umax.i64(i64 %least, i64 %need)
  %wish.all = add i64 %wish, 128
  %first = call ptr @malloc(i64 %wish.all)
  %bad = icmp eq ptr %first, null
  br i1 %bad, label %again, label %got
again:
  %need.all = add i64 %need, 128
  %second = call ptr @malloc(i64 %need.all)
  %worse = icmp eq ptr %second, null
  br i1 %worse, label %fail, label %got
got:
  %block = phi ptr [ %first, %0 ], [ %second, %again ]
  %size = phi i64 [ %wish, %0 ], [ %need, %again ]
  %previous = load ptr, ptr %block.at
  store ptr %previous, ptr %block
  %size.at = getelementptr i64, ptr %block, i64 1
  store i64 %size, ptr %size.at
  store ptr %block, ptr %block.at
  %total.new = add i64 %total, %size
  store i64 %total.new, ptr %total.at
  call void @ssad.advise(ptr %block, i64 %size)
  call void @ssad.rewind(ptr %ctx, ptr %block)
  ret i1 true
fail:
  ret i1 false
}

define internal void @ssad.rewind(ptr %ctx, ptr %block) {
  %cur.at = getelementptr i64, ptr %ctx, i64 9
  %end.at = getelementptr i64, ptr %ctx, i64 10
  %size.at = getelementptr i64, ptr %block, i64 1
  %size = load i64, ptr %size.at
  %over = getelementptr i8, ptr %block, i64 79
  %start = call ptr @llvm.ptrmask.p0.i64(ptr %over, i64 -64)
  %end = getelementptr i8, ptr %start, i64 %size
  store ptr %start, ptr %cur.at
  store ptr %end, ptr %end.at
  ret void
}

define internal void @ssad.release(ptr %ctx) #1 {
  %block.at = getelementptr i64, ptr %ctx, i64 11
  %first = load ptr, ptr %block.at
  br label %loop
loop:
  %block = phi ptr [ %first, %0 ], [ %previous, %body ]
  %more = icmp ne ptr %block, null
  br i1 %more, label %body, label %done
body:
  %previous = load ptr, ptr %block
  call void @free(ptr %block)
  br label %loop
done:
  %arena = getelementptr i64, ptr %ctx, i64 9
  call void @llvm.memset.p0.i64(ptr %arena, i8 0, i64 32, i1 false)
  ret void
}

define internal void @ssad.reset.slow(ptr %ctx) #1 {
  %total.at = getelementptr i64, ptr %ctx, i64 12
  %total = load i64, ptr %total.at
  %small = icmp ule i64 %total, KEPT_BYTES
  call void @ssad.release(ptr %ctx)
  br i1 %small, label %keep, label %done
keep:
  %ok = call i1 @ssad.grow(ptr %ctx, i64 %total)
  br label %done
done:
  ret void
}

define internal void @ssad.reset(ptr %ctx) {
  %block.at = getelementptr i64, ptr %ctx, i64 11
  %block = load ptr, ptr %block.at
  %none = icmp eq ptr %block, null
  br i1 %none, label %done, label %some
some:
  %previous = load ptr, ptr %block
  %single = icmp eq ptr %previous, null
  %total.at = getelementptr i64, ptr %ctx, i64 12
  %total = load i64, ptr %total.at
  %small = icmp ule i64 %total, KEPT_BYTES
  %quick = and i1 %single, %small
  br i1 %quick, label %rewind, label %slow, !prof !0
rewind:
  call void @ssad.rewind(ptr %ctx, ptr %block)
  ret void
slow:
  call void @ssad.reset.slow(ptr %ctx)
  ret void
done:
  ret void
}
"""

_STACK = """
define internal { ptr, ptr, ptr } @ssad.stack_grow(ptr %ctx, ptr %base, ptr %end, i64 %record) #1 {
  %none = icmp eq ptr %base, null
  br i1 %none, label %fresh, label %has
has:
  %next.at = getelementptr i8, ptr %base, i64 -48
  %next = load ptr, ptr %next.at
  %linked = icmp ne ptr %next, null
  br i1 %linked, label %reuse, label %double
reuse:
  %next.end.at = getelementptr i8, ptr %base, i64 -40
  %next.end = load ptr, ptr %next.end.at
  %r0 = insertvalue { ptr, ptr, ptr } poison, ptr %next, 0
  %r1 = insertvalue { ptr, ptr, ptr } %r0, ptr %next, 1
  %r2 = insertvalue { ptr, ptr, ptr } %r1, ptr %next.end, 2
  ret { ptr, ptr, ptr } %r2
double:
  %base.i = ptrtoint ptr %base to i64
  %end.i = ptrtoint ptr %end to i64
  %bytes = sub i64 %end.i, %base.i
  %twice = shl i64 %bytes, 1
  %capped = call i64 @llvm.umin.i64(i64 %twice, i64 16777216)
  br label %fresh
fresh:
  %wish = phi i64 [ 4096, %0 ], [ %capped, %double ]
  %n = udiv i64 %wish, %record
  %n.some = call i64 @llvm.umax.i64(i64 %n, i64 16)
  %size = mul i64 %n.some, %record
  %all = add i64 %size, 64
  %chunk = call ptr @ssad.alloc(ptr %ctx, i64 %all)
  %bad = icmp eq ptr %chunk, null
  br i1 %bad, label %fail, label %link
link:
  %start = getelementptr i8, ptr %chunk, i64 64
  %stop = getelementptr i8, ptr %start, i64 %size
  %h1 = getelementptr ptr, ptr %chunk, i64 1
  %h2 = getelementptr ptr, ptr %chunk, i64 2
  store ptr %base, ptr %chunk
  store ptr %end, ptr %h1
  store ptr null, ptr %h2
  br i1 %none, label %first, label %back
first:
  %second = getelementptr i8, ptr %start, i64 %record
  br label %done
back:
  %link.at = getelementptr i8, ptr %base, i64 -48
  %link.end.at = getelementptr i8, ptr %base, i64 -40
  store ptr %start, ptr %link.at
  store ptr %stop, ptr %link.end.at
  br label %done
done:
  %cur = phi ptr [ %second, %first ], [ %start, %back ]
  %s0 = insertvalue { ptr, ptr, ptr } poison, ptr %start, 0
  %s1 = insertvalue { ptr, ptr, ptr } %s0, ptr %cur, 1
  %s2 = insertvalue { ptr, ptr, ptr } %s1, ptr %stop, 2
  ret { ptr, ptr, ptr } %s2
fail:
  ret { ptr, ptr, ptr } zeroinitializer
}

define internal { ptr, ptr, ptr } @ssad.stack_shrink(ptr %base) #1 {
  %prev.at = getelementptr i8, ptr %base, i64 -64
  %prev = load ptr, ptr %prev.at
  %prev.end.at = getelementptr i8, ptr %base, i64 -56
  %prev.end = load ptr, ptr %prev.end.at
  %s0 = insertvalue { ptr, ptr, ptr } poison, ptr %prev, 0
  %s1 = insertvalue { ptr, ptr, ptr } %s0, ptr %prev.end, 1
  %s2 = insertvalue { ptr, ptr, ptr } %s1, ptr %prev.end, 2
  ret { ptr, ptr, ptr } %s2
}
"""

# What the optimiser may assume of an allocation: it touches the context and memory that nothing else can see.
_ATTRIBUTES = """
attributes #0 = { noinline nounwind willreturn memory(argmem: readwrite, inaccessiblemem: readwrite) }
attributes #1 = { noinline cold nounwind }
!0 = !{!"branch_weights", i32 2000, i32 1}
"""

_RECURSION = f"""
declare ptr @llvm.frameaddress.p0(i32)

define internal void @ssad.enter(ptr %ctx) {{
  %depth.at = getelementptr i64, ptr %ctx, i64 {DEPTH}
  %lowest.at = getelementptr i64, ptr %ctx, i64 {LOWEST}
  %wanted.depth.at = getelementptr i64, ptr %ctx, i64 {WANTED_DEPTH}
  %wanted.lowest.at = getelementptr i64, ptr %ctx, i64 {WANTED_LOWEST}
  %wanted.depth = load i64, ptr %wanted.depth.at
  %no.depth = icmp eq i64 %wanted.depth, 0
  %depth = select i1 %no.depth, i64 {DEFAULT_DEPTH}, i64 %wanted.depth
  store i64 %depth, ptr %depth.at
  %wanted.lowest = load i64, ptr %wanted.lowest.at
  %no.lowest = icmp eq i64 %wanted.lowest, 0
  %frame = call ptr @llvm.frameaddress.p0(i32 0)
  %here = ptrtoint ptr %frame to i64
  %guess = call i64 @llvm.usub.sat.i64(i64 %here, i64 {DEFAULT_STACK_BYTES})
  %lowest = select i1 %no.lowest, i64 %guess, i64 %wanted.lowest
  store i64 %lowest, ptr %lowest.at
  ret void
}}
"""


def support(stacks: bool, recursion: bool = False) -> str:
    """The text that goes into a module; `#0`, `#1` and `!0` are taken by it."""
    advise = _ADVISE if sys.platform == "linux" else _SAY_NOTHING
    text = advise + _ALLOC + (_STACK if stacks else "") + (_RECURSION if recursion else "") + _ATTRIBUTES
    return text.replace("KEPT_BYTES", str(KEPT_BYTES)).replace("HUGE_BYTES", str(HUGE_BYTES))


def standalone() -> str:
    """A module of its own that exports `ssad.reset` and `ssad.release`."""
    text = support(stacks=False)
    for name in ("reset", "release"):
        text = text.replace(f"internal void @ssad.{name}(", f"void @ssad.{name}(")
    return text

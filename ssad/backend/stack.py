"""How far down the native stack of a thread may be used: asked from the C library, once per thread."""

from __future__ import annotations

import ctypes
import threading

_KEPT_BYTES = 128 << 10
"""What stays free below the deepest frame of a recursion: that frame itself, and what it calls."""

_THREAD = threading.local()


def lowest_frame() -> int:
    """The lowest address that a frame of a recursive function may have in this thread, 0 if nobody knows."""
    try:
        lowest: int = _THREAD.lowest
    except AttributeError:
        lowest = _THREAD.lowest = _ask()
    return lowest


def _ask() -> int:
    low, size = _bounds()
    return low + min(_KEPT_BYTES, size // 2) if low else 0


def _bounds() -> tuple[int, int]:
    """Lowest address and size of this thread's stack; zeros where the C library does not tell."""
    libc = ctypes.CDLL(None)
    try:
        libc.pthread_self.restype = ctypes.c_void_p
        me = ctypes.c_void_p(libc.pthread_self())
        if hasattr(libc, "pthread_getattr_np"):
            return _bounds_by_attributes(libc, me)
        libc.pthread_get_stackaddr_np.restype = ctypes.c_void_p
        libc.pthread_get_stacksize_np.restype = ctypes.c_size_t
        size = int(libc.pthread_get_stacksize_np(me))
        return int(libc.pthread_get_stackaddr_np(me)) - size, size
    except AttributeError:
        return 0, 0


def _bounds_by_attributes(libc: ctypes.CDLL, me: ctypes.c_void_p) -> tuple[int, int]:
    attributes = (ctypes.c_char * 256)()  # a pthread_attr_t, which is smaller everywhere
    if libc.pthread_getattr_np(me, attributes):
        return 0, 0
    low, size = ctypes.c_void_p(), ctypes.c_size_t()
    failed = libc.pthread_attr_getstack(attributes, ctypes.byref(low), ctypes.byref(size))
    libc.pthread_attr_destroy(attributes)
    return (0, 0) if failed or not low.value else (low.value, size.value)

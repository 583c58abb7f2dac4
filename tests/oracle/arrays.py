"""Arrays whose cells are numbers with derivatives, over real NumPy memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .scalar import Number, plain


class Cells(dict[int, Number]):
    """The numbers that live in one piece of memory, by byte address; an absent cell is a constant."""

    def __init__(self) -> None:
        super().__init__()
        self.written: set[int] = set()


class VarArray:
    """An ndarray look-alike; two of them over the same memory share their cells."""

    __slots__ = ("address", "cells", "data")
    __array_ufunc__ = None

    def __init__(self, data: np.ndarray, cells: Cells | None = None) -> None:
        self.data = data
        self.cells = Cells() if cells is None else cells
        self.address: int = data.__array_interface__["data"][0]

    shape = property(lambda self: self.data.shape)
    ndim = property(lambda self: self.data.ndim)
    size = property(lambda self: self.data.size)
    dtype = property(lambda self: self.data.dtype)
    real = property(lambda self: Parts(self, "real"))
    imag = property(lambda self: Parts(self, "imag"))
    T = property(lambda self: VarArray(self.data.T, self.cells))

    @property
    def flat(self) -> list[Any]:
        return [self[index] for index in np.ndindex(self.shape)]

    def tolist(self) -> list[Any]:
        return [row if self.ndim == 1 else row.tolist() for row in self]

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("the oracle knows no rule for this NumPy function of an array")

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Any]:
        for i in range(len(self.data)):
            yield self[i]

    def __getitem__(self, key: Any) -> Any:
        item = self.data[key]
        if isinstance(item, np.ndarray):
            return VarArray(self._view(item), self.cells)
        return self.cells.get(self.address_of(key), item)

    def __setitem__(self, key: Any, value: Any) -> None:
        target = self.data[key]
        if isinstance(target, np.ndarray):
            VarArray(self._view(target), self.cells)._assign(value)
            return
        self.data[key] = plain(value)
        self._put(key, value)

    def address_of(self, key: Any) -> int:
        """The byte address of the element at an integer or a full tuple of integers."""
        indices = key if isinstance(key, tuple) else (key,)
        address = self.address
        for index, extent, stride in zip(indices, self.data.shape, self.data.strides, strict=True):
            address += (int(index) + extent if index < 0 else int(index)) * stride
        return address

    def elements(self) -> np.ndarray:
        """An object array of the present cells."""
        content = np.empty(self.data.shape, object)
        for key in np.ndindex(self.data.shape):
            content[key] = self[key]
        return content

    def copy(self) -> VarArray:
        """A fresh array with the same content."""
        fresh = VarArray(self.data.copy())
        fresh._assign(self)
        return fresh

    def fill(self, value: Any) -> None:
        """Store one value into every element."""
        self._assign(value)

    def _view(self, item: np.ndarray) -> np.ndarray:
        if item.flags.owndata:
            raise TypeError("the oracle knows no indexing with arrays")
        return item

    def _assign(self, value: Any) -> None:
        source = value.elements() if isinstance(value, VarArray) else np.asarray(value, object)
        self.data[...] = value.data if isinstance(value, VarArray) else plain(value)
        source = np.broadcast_to(source, self.data.shape)
        for key in np.ndindex(self.data.shape):
            self._put(key, source[key])

    def _put(self, key: Any, value: Any) -> None:
        address = self.address_of(key)
        self.cells.written.add(address)
        if isinstance(value, Number):
            self.cells[address] = value.derive("copy", self.data[key], (value,))
        else:
            self.cells.pop(address, None)


class Parts:
    """The real or the imaginary parts of a complex array, to be read."""

    def __init__(self, array: VarArray, name: str) -> None:
        self.array = array
        self.name = name

    def __getitem__(self, key: Any) -> Any:
        item = self.array[key]
        return Parts(item, self.name) if isinstance(item, VarArray) else getattr(item, self.name)

"""once: a property that is worked out at its first reading and kept with its object.

`functools.cached_property` takes a lock for that until Python 3.11, which costs more than most of
what is worked out here. Two threads that meet may both work it out: the values are equal.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

_T = TypeVar("_T")


class once(Generic[_T]):
    """Decorates a method without arguments, of a class whose objects have a `__dict__`."""

    def __init__(self, work_out: Callable[[Any], _T]) -> None:
        self._work_out = work_out
        self.__doc__ = work_out.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> "once[_T]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> _T: ...
    def __get__(self, instance: object | None, owner: type) -> "once[_T] | _T":
        if instance is None:
            return self
        # An entry of the same name: from now on it is found without asking here.
        value = instance.__dict__[self._name] = self._work_out(instance)
        return value

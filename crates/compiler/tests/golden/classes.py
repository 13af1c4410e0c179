"""Module."""


@decorate(1)
@other
class C(Base, metaclass=M):
    """A class."""

    x: int = 1
    if x:
        y: str

    def __init__(self, a=[], *, b=2):
        self.__private = a
        self.b: int = b

    def cls(self) -> C:
        return __class__


class G[T: (int, str) = int]:
    def m[U](self, a: T, *args: *U) -> U: ...


type A[T] = list[T]
z: int = 1

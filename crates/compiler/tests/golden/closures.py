def counter(start):
    value = start

    def step(by=1, *, scale=2):
        nonlocal value
        value += by * scale
        return value

    return step


class Base:
    x: int = 1

    def method(self):
        return super().method() + self.x

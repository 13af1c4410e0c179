def gen(n):
    x = yield n
    yield from x
    return x


async def co(x):
    await x
    async with x as y:
        async for i in y:
            yield i
        else:
            await y
    z = [i async for i in y if await i]


def expression(xs):
    return list(i async for i in xs)

def handlers(f):
    try:
        f()
    except (ValueError, KeyError) as e:
        return e
    except OSError:
        raise
    else:
        g()
    finally:
        h()


def contexts(a):
    with a as x, open(x) as y:
        return y.read()


def leaving(xs):
    for x in xs:
        try:
            if x:
                continue
            break
        finally:
            x.close()


def groups(f):
    try:
        f()
    except* ValueError as e:
        g(e)
    except* TypeError:
        pass

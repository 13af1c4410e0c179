def search(items, wanted):
    for index, item in enumerate(items):
        if item is None:
            continue
        if item == wanted or not item:
            break
    else:
        return -1
    while index < 10:
        index += 1
    try:
        return items[index]
    except (IndexError, KeyError) as error:
        raise ValueError("missing") from error
    finally:
        print("done", index)

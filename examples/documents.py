"""Counts the words of a large list of documents with threads that share one memory: nothing is copied or pickled.

    python examples/documents.py [threads] [documents]

The documents are made up, always the same ones. One thread, and then so many, clean them (case, punctuation, entities),
cut them into words, drop the commonest short ones and count the rest, each document in its turn; the counts are merged in
the end. The result is the same for any number of threads. Prints both times, each the best of several taken in turn, and
the speedup.
"""

import hashlib
import os
import sys
import sysconfig
import threading
import time

REPEATS = 3
STOP_WORDS = frozenset("a an and are as at be by for in is it of on or that the to was with".split())
PUNCTUATION = str.maketrans({mark: " " for mark in ".,;:!?()[]\"'-/"})
ENTITIES = [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")]
SYLLABLES = "ba ce di fo gu ha ke li mo nu pa re si to vu wa xe yi zo an el in or us".split()


def numbers(seed):
    """A small generator of random numbers, the same everywhere."""
    while True:
        seed = (seed * 1103515245 + 12345) % 2**31
        yield seed >> 8


def vocabulary(size):
    random = numbers(7)
    words = sorted(STOP_WORDS)
    while len(words) < size:
        words.append("".join(SYLLABLES[next(random) % len(SYLLABLES)] for _ in range(1 + next(random) % 4)))
    return words


def make_documents(count):
    random = numbers(42)
    words = vocabulary(2_000)
    documents = []
    for _ in range(count):
        text = []
        for _ in range(60 + next(random) % 40):
            # The product of two prefers words from the front.
            word = words[next(random) % len(words) * (next(random) % len(words)) // len(words)]
            style = next(random) % 16
            if style == 0:
                word = word.capitalize()
            elif style == 1:
                word += "."
            elif style == 2:
                word = f"({word})"
            elif style == 3:
                word += " &amp;"
            text.append(word)
        documents.append(" ".join(text))
    return documents


def clean(text):
    for entity, character in ENTITIES:
        text = text.replace(entity, character)
    return text.casefold().translate(PUNCTUATION)


def count_words(text, counts):
    for word in text.split():
        if word in STOP_WORDS or not word.isalpha():
            continue
        counts[word] = counts.get(word, 0) + 1


def work(documents, first, step, results):
    """Every `step`th document from `first` on."""
    counts = {}
    for number in range(first, len(documents), step):
        count_words(clean(documents[number]), counts)
    results[first] = counts


def merge(parts):
    total = {}
    for part in parts:
        for word, count in part.items():
            total[word] = total.get(word, 0) + count
    return total


def run(documents, threads):
    start = time.perf_counter()
    results = [None] * threads
    workers = [threading.Thread(target=work, args=(documents, n, threads, results)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    counts = merge(results)
    return counts, time.perf_counter() - start


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count() or 1
    documents = make_documents(int(sys.argv[2]) if len(sys.argv) > 2 else 20_000)
    build = "free-threaded" if sysconfig.get_config_var("Py_GIL_DISABLED") else "gil"
    print(f"{sys.implementation.name} {sys.version.split()[0]}, {build} build")
    runs = [(run(documents, 1), run(documents, threads)) for _ in range(REPEATS)]
    (expected, _), _ = runs[0]
    assert all(counts == expected for pair in runs for counts, _ in pair), "the counts depend on the threads"

    ranking = sorted(expected.items(), key=lambda item: (-item[1], item[0]))
    digest = hashlib.sha256(repr(ranking).encode()).hexdigest()[:16]
    print(f"{len(documents)} documents, {sum(expected.values())} words, {len(expected)} different, digest {digest}")
    print("most frequent:", ", ".join(f"{word} {count}" for word, count in ranking[:5]))
    one, many = (min(elapsed for _, elapsed in each) for each in zip(*runs))
    print(f"1 thread:  {one:.3f} s")
    print(f"{threads} threads: {many:.3f} s")
    print(f"speedup:   {one / many:.2f}")


if __name__ == "__main__":
    main()

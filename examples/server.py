"""A web server with work to do for each request, and what it gets done with one worker and with several.

    python examples/server.py [workers] [requests] [size of a request's work]

`http.server.ThreadingHTTPServer` gives each connection a thread. The load comes over loopback from as many connections as
there shall be workers, each of which asks again once it has its answer, so that so many threads of the server are busy.
The clients themselves do next to nothing: they send the same bytes and compare what comes. Prints requests per second and
the speedup.
"""

import http.server
import json
import os
import socket
import sys
import sysconfig
import threading
import time

REPEATS = 3
ADDRESS = "127.0.0.1"


def collatz_record(limit):
    """The number below `limit` with the longest way to 1, and the way's length."""
    best, longest = 1, 0
    for start in range(1, limit):
        number, length = start, 0
        while number != 1:
            number = number // 2 if number % 2 == 0 else 3 * number + 1
            length += 1
        if length > longest:
            best, longest = start, length
    return best, longest


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # Connections last.
    # Nagle's algorithm would make the second half of an answer wait for the first to be acknowledged.
    disable_nagle_algorithm = True

    def do_GET(self):
        limit = int(self.path.rpartition("/")[2])
        number, length = collatz_record(limit)
        body = json.dumps({"limit": limit, "number": number, "length": length}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        pass


def answer(connection):
    """The body of one answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    while len(body) < length:
        body += connection.recv(65536)
    return body


def client(port, limit, requests, expected, answered):
    request = f"GET /collatz/{limit} HTTP/1.1\r\nHost: {ADDRESS}\r\n\r\n".encode()
    with socket.create_connection((ADDRESS, port)) as connection:
        for _ in range(requests):
            connection.sendall(request)
            assert json.loads(answer(connection)) == expected
    answered.append(requests)


def load(port, workers, requests, limit, expected):
    """Requests per second."""
    answered = []
    clients = []
    for number in range(workers):
        share = len(range(number, requests, workers))
        clients.append(threading.Thread(target=client, args=(port, limit, share, expected, answered)))
    start = time.perf_counter()
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    elapsed = time.perf_counter() - start
    assert sum(answered) == requests, answered
    return requests / elapsed


def main():
    workers = int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count() or 1
    requests = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    limit = int(sys.argv[3]) if len(sys.argv) > 3 else 3_000
    build = "free-threaded" if sysconfig.get_config_var("Py_GIL_DISABLED") else "gil"
    print(f"{sys.implementation.name} {sys.version.split()[0]}, {build} build")

    number, length = collatz_record(limit)
    expected = {"limit": limit, "number": number, "length": length}
    with http.server.ThreadingHTTPServer((ADDRESS, 0), Handler) as server:
        port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        runs = [
            (load(port, 1, requests, limit, expected), load(port, workers, requests, limit, expected))
            for _ in range(REPEATS)
        ]
        server.shutdown()
    one, many = (max(each) for each in zip(*runs))
    print(f"each answer: {json.dumps(expected)}")
    print(f"1 worker:  {one:.1f} requests/s")
    print(f"{workers} workers: {many:.1f} requests/s")
    print(f"speedup:   {many / one:.2f}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The S3 server of the tests: moto, with one write at a time.

moto looks for an object and stores a new one in two steps, so that two conditional writes at the same time can both
succeed. A store that keeps the promise of `If-None-Match: *` does both in one step.

    python3 store.py -H HOST -p PORT        needs moto[server], see requirements.txt
"""

import threading

from moto import server

run_simple = server.run_simple
writing = threading.Lock()


def one_write_at_a_time(host, port, application, **options):
    def answer(environ, start_response):
        # A write may wait for what a read returns, so reads do not wait.
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return application(environ, start_response)
        with writing:
            return application(environ, start_response)

    run_simple(host, port, answer, **options)


server.run_simple = one_write_at_a_time
server.main()

"""The ceiling of a GET: a bare ASGI application on uvicorn (uvloop, httptools) that gives the same answer to every request.

    python -m benchmarks.fixed PORT FILE

FILE is the answer's body: an answer of the gateway, so that there is as much to send. Nothing is read, checked or looked up.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import uvicorn


class Fixed:
    """An application with one answer."""

    def __init__(self, body: bytes) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        self._start = {"type": "http.response.start", "status": 200, "headers": headers}
        self._body = {"type": "http.response.body", "body": body}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer."""
        del scope, receive
        await send(self._start)
        await send(self._body)


def main() -> None:
    """Serve until the process is told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("answer", type=Path)
    told = parser.parse_args()
    app = Fixed(told.answer.read_bytes())
    uvicorn.run(app, port=told.port, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_level="warning")


if __name__ == "__main__":
    main()

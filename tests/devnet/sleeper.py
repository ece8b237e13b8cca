"""A program for the supervisor's tests: listens on a port and writes down how it ends."""

import signal
import socket
import sys
from pathlib import Path
from types import FrameType


def main(name: str, port: str, diary: str, manners: str) -> None:
    def leave(_number: int, _frame: FrameType | None) -> None:
        with Path(diary).open("a") as page:
            page.write(f"{name} stopped\n")
        if manners == "polite":
            sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
    with socket.create_server(("127.0.0.1", int(port))) as listener:
        sys.stdout.write(f"{name} listens\n")
        sys.stdout.flush()
        while True:
            listener.accept()[0].close()


if __name__ == "__main__":
    main(*sys.argv[1:])

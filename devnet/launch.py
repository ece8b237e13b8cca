"""Start a program that dies with the process that asked for it: ``launch.py PARENT_PID ARGV...``.

A process that is killed with SIGKILL cannot stop its children. On Linux the kernel does it for us
when the child asks before it becomes the program (prctl(2), PR_SET_PDEATHSIG; the request
survives execve). Elsewhere the program is started without that promise. This file imports nothing
of ours and runs under ``python -I -S``, so it costs some 15 ms.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _die_with_parent(parent_pid: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        sys.exit(f"launch: the parent {parent_pid} is gone")


def main(arguments: list[str]) -> None:
    """Tie this process to its parent, then become the program."""
    parent_pid, *argv = arguments
    if sys.platform == "linux":
        _die_with_parent(int(parent_pid))
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - becoming another program is the purpose
    except OSError as error:
        sys.exit(f"launch: cannot start {argv[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])

"""A real `afloc-engine` process, as a front end would hold it."""

import json
import subprocess
import sys

COMMAND = (sys.executable, "-m", "afloc_desktop.engine")


class EngineProcess:
    """One conversation with a process of its own; ends with the `with` block."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *raised) -> None:
        self.process.kill()
        self.process.wait(60)
        self.process.stdin.close()
        self.process.stdout.close()

    def send(self, **request) -> None:
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()

    def read(self) -> dict:
        return json.loads(self.process.stdout.readline())

    def ask(self, **request) -> dict:
        """The last answer to one request."""
        self.send(**request)
        while "progress" in (answer := self.read()):
            pass
        return answer

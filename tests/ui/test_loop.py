import subprocess
import sys
import threading

from afloc_desktop.ui.loop import Loop

CHILD = """
from PySide6.QtCore import QCoreApplication
from afloc_desktop.ui.loop import Loop
import threading
application, loop, seen = QCoreApplication([]), Loop(), []
def emit():
    for number in range(2000):
        loop.post(lambda number=number: seen.append(number))
    loop.post(application.quit)
threading.Thread(target=emit).start()
application.exec()
assert seen == list(range(2000)), len(seen)
"""


def test_a_call_from_another_thread_runs_on_the_main_thread(qtbot):
    loop, ran_on = Loop(), []
    thread = threading.Thread(
        target=loop.post, args=(lambda: ran_on.append(threading.current_thread()),)
    )
    thread.start()
    thread.join()
    assert ran_on == []
    qtbot.waitUntil(lambda: bool(ran_on))
    assert ran_on == [threading.main_thread()]


def test_two_thousand_signals_do_not_end_the_process():
    """PySide6 6.12.0 aborts after some 570 on Python 3.11."""
    child = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, timeout=120)
    assert (child.returncode, child.stderr) == (0, b"")

import os
import subprocess
import sys

import pytest

RUN = """
import sys
from pathlib import Path
import numpy as np
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.model.session import Sessions, available_providers
available_providers()
sessions = Sessions(load_bundle(Path(sys.argv[1])), "cpu")
sessions.encode_patches(np.zeros((1, 1, 96, 96), np.float32))
sessions.encode_text([[2, 4, 3]], [[1, 1, 1]])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the home is found another way there")
def test_running_a_model_leaves_nothing_in_the_home_of_its_user(tiny_bundle, tmp_path):
    """Where telemetry is on, a device id and a queue of events appear there."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ORT_", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(tiny_bundle)],
        env={**environment, "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(home.rglob("*")) == []

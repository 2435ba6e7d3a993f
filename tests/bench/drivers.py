"""Processes that bench.py starts and looks at: drivers of mounts, and the memory of what runs."""
import contextlib
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path


def is_mounted(mnt):
    return any(line.split()[4] == str(mnt) for line in Path("/proc/self/mountinfo").read_text().splitlines())


@contextlib.contextmanager
def mounted(command, mnt, env=None):
    """Mounts in the foreground; gives the driver's process id."""
    mnt.mkdir(exist_ok=True)
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=env)
        try:
            deadline = time.monotonic() + 60
            while not is_mounted(mnt):
                if child.poll() is not None or time.monotonic() > deadline:
                    said.seek(0)
                    raise RuntimeError(f"{command[0]}: no mount: {said.read().decode(errors='replace')}")
                time.sleep(0.01)
            yield child.pid
        finally:
            if child.poll() is None:
                child.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(30)
            if is_mounted(mnt):
                subprocess.run(["fusermount3", "-u", "-z", mnt], check=False)
            if child.poll() is None:
                child.kill()
                child.wait()


def anon_bytes(pid):
    """RssAnon of a process now; 0 when it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0


@contextlib.contextmanager
def watched(pid):
    """Gives a list whose last element is the largest RssAnon that the process had."""
    peak, stop = [0], threading.Event()

    def watch():
        while not stop.wait(0.005):
            peak[0] = max(peak[0], anon_bytes(pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()
        peak[0] = max(peak[0], anon_bytes(pid))

"""Drives the viewer with the Python SDK: python check.py PROGRAM. Run by `cargo xtask sdk`."""

import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

program = sys.argv[1]
flood = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
here = Path(__file__).parent


class Viewer:
    """The program, listening on a port that is free."""

    def __init__(self, *arguments: str, port: str = "auto") -> None:
        self.process = subprocess.Popen(
            [program, *arguments, "--port", port], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.said = ""
        for line in self.process.stderr:
            self.said += line
            if found := re.search(r"rerun\+http://\S+", line):
                self.url = found[0]
                return
        sys.exit(f"it does not listen: {self.said}")

    def finish(self, how: int | None = None) -> str:
        if how is not None:
            self.process.send_signal(how)
        out, said = self.process.communicate(timeout=120)
        self.said += said
        assert self.process.returncode == 0, self.said
        return out


def send(viewer: Viewer, *what: str, wait: bool = True) -> subprocess.Popen:
    sender = subprocess.Popen(
        [sys.executable, here / "send.py", viewer.url, *what], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    if wait:
        out = sender.communicate(timeout=600)[0]
        assert sender.returncode == 0, out
        sender.out = out
    return sender


def stats(path: Path) -> str:
    rerun = [sys.executable, "-m", "rerun_cli", "rrd"]
    subprocess.run([*rerun, "verify", path], check=True, capture_output=True)
    return subprocess.run([*rerun, "stats", path], check=True, capture_output=True, text=True).stdout


def rows(text: str) -> int:
    # Thousands are set apart by spaces of some kind.
    return int(re.sub(r"\D", "", re.search(r"num_rows = (.*)", text)[1]))


def connect_and_blueprint(folder: Path) -> None:
    viewer = Viewer("--digest")
    send(viewer, "rows")
    digest = viewer.finish()
    assert "/plots/a" in digest and "/world/box" in digest, digest


def three_processes_one_recording(folder: Path) -> None:
    viewer = Viewer("--save", str(folder / "three.rrd"))
    senders = [send(viewer, "rows", name, wait=False) for name in "abc"]
    for sender in senders:
        assert sender.wait(60) == 0
    time.sleep(0.2)
    viewer.finish(signal.SIGTERM)
    text = stats(folder / "three.rrd")
    assert rows(text) >= 303, text


def killed_in_the_middle(folder: Path) -> None:
    viewer = Viewer("--save", str(folder / "killed.rrd"))
    sender = send(viewer, "killed", wait=False)
    sender.stdout.readline()
    time.sleep(0.5)
    sender.kill()
    send(viewer, "rows")
    time.sleep(0.2)
    viewer.finish(signal.SIGINT)
    assert "cut off" in viewer.said, viewer.said
    assert rows(stats(folder / "killed.rrd")) >= 100


def viewer_is_gone(folder: Path) -> None:
    viewer = Viewer("--save", str(folder / "gone.rrd"))
    sender = send(viewer, "killed", wait=False)
    sender.stdout.readline()
    time.sleep(0.3)
    viewer.process.kill()
    viewer.process.wait()
    # The sender logs on, and is not held up; that it ends at once is its own affair.
    assert sender.poll() is None
    sender.kill()


def viewer_restarts(folder: Path) -> None:
    """A sender outlives its viewer. Whether it finds the next one on the same port is up to the SDK, as with Rerun's viewer."""
    viewer = Viewer("--save", str(folder / "first.rrd"))
    port = viewer.url.split(":")[-1].split("/")[0]
    sender = send(viewer, "steady", wait=False)
    sender.stdout.readline()
    time.sleep(0.3)
    viewer.process.kill()
    viewer.process.wait()
    again = Viewer("--save", str(folder / "second.rrd"), port=port)
    send(again, "rows")
    time.sleep(2)
    assert sender.poll() is None, "it logs on"
    sender.stdin.close()
    out = sender.stdout.read()
    assert sender.wait(30) == 0, out
    again.finish(signal.SIGTERM)
    text = stats(folder / "second.rrd")
    assert rows(text) >= 100, text
    found = "/plots/steady" in text or "steady" in text
    print(f"  the running sender {'found' if found else 'did not look for'} the new viewer, and {out.strip()}")


def late_transforms_equal_the_file(folder: Path) -> None:
    look = ("--digest", "--time", "frame=7")
    viewer = Viewer(*look)
    send(viewer, "late_transforms")
    live = viewer.finish()
    saver = Viewer("--save", str(folder / "late.rrd"))
    send(saver, "late_transforms")
    time.sleep(0.2)
    saver.finish(signal.SIGTERM)
    read = subprocess.run([program, folder / "late.rrd", *look], check=True, capture_output=True, text=True).stdout
    assert live == read, f"{live}\n---\n{read}"


def flooded(folder: Path) -> None:
    viewer = Viewer("--save", str(folder / "flood.rrd"))
    start = time.time()
    sender = send(viewer, "flood", str(flood))
    time.sleep(0.2)
    viewer.finish(signal.SIGTERM)
    print(f"  {flood} single rows in {time.time() - start:.1f} s; the sender {' and '.join(sender.out.split(chr(10))[:2])}")
    assert rows(stats(folder / "flood.rrd")) >= flood


for check in [
    connect_and_blueprint,
    three_processes_one_recording,
    killed_in_the_middle,
    viewer_is_gone,
    viewer_restarts,
    late_transforms_equal_the_file,
    flooded,
]:
    with tempfile.TemporaryDirectory() as folder:
        check(Path(folder))
    print(f"ok: {check.__name__.replace('_', ' ')}", flush=True)

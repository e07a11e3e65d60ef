"""Drives the viewer with the Python SDK. Run by `cargo xtask sdk`."""

import argparse
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("program", help="the viewer")
parser.add_argument("flood", nargs="?", type=int, default=100_000, help="the number of single rows to flood it with")
parser.add_argument("--older", help="a Python that has an older SDK")
parser.add_argument("--long", type=float, default=30, help="the seconds that the long stream takes: 600 for one that shows leaks")
parser.add_argument("--only", help="only checks whose names have this in them")
# The number may stand behind an option.
options = parser.parse_intermixed_args()
program, flood = options.program, options.flood
here = Path(__file__).parent
# A shell has what runs in its background ignore it, and so would all that is started here.
signal.signal(signal.SIGINT, signal.default_int_handler)


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


def send(viewer: Viewer, *what: str, wait: bool = True, python: str = sys.executable) -> subprocess.Popen:
    sender = subprocess.Popen(
        [python, here / "send.py", viewer.url, *what], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    if wait:
        out = sender.communicate(timeout=600)[0]
        assert sender.returncode == 0, out
        sender.out = out
    return sender


def secs_to_disconnect(said: str) -> float:
    return float(re.search(r"disconnected in (\S+) s", said)[1])


rerun = [sys.executable, "-m", "rerun_cli", "rrd"]


def stats(path: Path) -> str:
    subprocess.run([*rerun, "verify", path], check=True, capture_output=True)
    return subprocess.run([*rerun, "stats", path], check=True, capture_output=True, text=True).stdout


def wait_until(is_there, what: str) -> None:
    end = time.time() + 60
    while not is_there():
        assert time.time() < end, what
        time.sleep(0.05)


def late(command: list[str | Path], path: Path, num_rows: int) -> str:
    """What a reader that comes late has written to a file, once it has so many rows."""

    def is_there() -> bool:
        if not path.exists() or path.stat().st_size == 0:
            return False
        # A recording that is being written has no end yet.
        run = subprocess.run([*rerun, "stats", path], capture_output=True, text=True)
        return run.returncode == 0 and rows(run.stdout) >= num_rows

    reader = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(is_there, f"{command} does not get {num_rows} rows")
    finally:
        reader.send_signal(signal.SIGINT)
        reader.wait(30)
    return subprocess.run([*rerun, "stats", path], capture_output=True, text=True).stdout


def rows(text: str) -> int:
    # Thousands are set apart by spaces of some kind.
    found = re.search(r"num_rows = (.*)", text)
    return int(re.sub(r"\D", "", found[1])) if found else 0


def connect_and_blueprint(folder: Path) -> None:
    viewer = Viewer("--digest")
    sender = send(viewer, "rows")
    digest = viewer.finish()
    assert "/plots/a" in digest and "/world/box" in digest, digest
    assert "at /world/box" in digest, f"the blueprint is not used: {digest}"
    assert secs_to_disconnect(sender.out) < 1, sender.out


def three_processes_one_recording(folder: Path) -> None:
    viewer = Viewer("--save", str(folder / "three.rrd"))
    senders = [send(viewer, "rows", name, wait=False) for name in "abc"]
    for sender in senders:
        said = sender.communicate(timeout=60)[0]
        assert sender.returncode == 0 and secs_to_disconnect(said) < 1, said
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
    # The sender logs on, and is not held up; the end of one that has much to send is its own affair.
    assert sender.poll() is None
    sender.kill()
    viewer = Viewer("--save", str(folder / "gone.rrd"))
    sender = send(viewer, "steady", wait=False)
    sender.stdout.readline()
    viewer.process.kill()
    viewer.process.wait()
    time.sleep(0.5)
    said = sender.communicate(timeout=60)[0]
    assert sender.returncode == 0 and secs_to_disconnect(said) < 1, said


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
    assert sender.wait(30) == 0 and secs_to_disconnect(out) < 1, out
    again.finish(signal.SIGTERM)
    text = stats(folder / "second.rrd")
    assert rows(text) >= 100, text
    found = "/plots/steady" in text or "steady" in text
    print(f"  the running sender {'found' if found else 'did not look for'} the new viewer, and {out.strip()}")


def an_older_sdk(folder: Path) -> None:
    if options.older is None:
        print("  skipped: no older SDK was given")
        return
    viewer = Viewer("--digest")
    send(viewer, "rows", python=options.older)
    digest = viewer.finish()
    assert "/plots/a" in digest and "/world/box" in digest, digest
    saver = Viewer("--save", str(folder / "older.rrd"))
    send(saver, "late_transforms", python=options.older)
    time.sleep(0.2)
    saver.finish(signal.SIGTERM)
    assert rows(stats(folder / "older.rrd")) >= 40


def spawned(folder: Path) -> None:
    """`rr.spawn` starts the program in the place of Rerun's viewer, and takes the one that runs the next time. Nothing is said
    against its version, all that is passed is accepted, and readers that come late find everything, Rerun's own among them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Without a window, so that no display is needed.
    stand_in = folder / "viewer"
    stand_in.write_text(f'#!/bin/sh\n[ "$1" = --version ] || echo $$ "$@" >> "{folder}/started"\nexec "{program}" "$@" --headless\n')
    stand_in.chmod(0o755)
    said = ""
    for entity in "ab":
        # What a viewer says goes where its sender does, and it outlives that: a file, not a pipe.
        with open(folder / "said", "w+") as file:
            spawner = [sys.executable, here / "send.py", str(port), "spawn", entity, str(stand_in)]
            subprocess.run(spawner, check=True, timeout=60, stdout=file, stderr=file)
            file.seek(0)
            said += file.read()
    started = (folder / "started").read_text().splitlines()
    try:
        assert len(started) == 1, f"the second one uses the viewer of the first: {started}"
        assert "version" not in said.lower() and "warn" not in said.lower() and "error" not in said.lower(), said
        link = f"rerun+http://127.0.0.1:{port}/proxy"
        ours, theirs = folder / "ours.rrd", folder / "theirs.rrd"
        late([program, "--no-listen", "--save", ours, link], ours, 202)
        text = late([sys.executable, "-m", "rerun_cli", link, "--save", theirs, "--port", "auto"], theirs, 202)
        assert rows(text) == rows(stats(ours)), f"{text}\n---\n{stats(ours)}"
    finally:
        subprocess.run(["kill", started[0].split()[0]], check=True)


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


def resident_mb(viewer: Viewer) -> float:
    status = Path(f"/proc/{viewer.process.pid}/status")
    if not status.exists():
        return 0.0
    return int(re.search(r"VmRSS:\s+(\d+)", status.read_text())[1]) / 1024


def long_stream(folder: Path) -> None:
    """A robot for half a minute, or longer: how late its data is, what that takes, and how it ends. `--long 600` takes ten minutes."""
    path = folder / "long.rrd"
    viewer = Viewer("--save", str(path))
    sender = send(viewer, "long", str(options.long), wait=False)
    delays, memory, said = [], [], ""
    for line in sender.stdout:
        said += line
        if line.strip() != "pausing":
            continue
        start = last = time.time()
        size = path.stat().st_size
        while time.time() < start + 0.8:
            time.sleep(0.005)
            if (now := path.stat().st_size) != size:
                size, last = now, time.time()
        delays.append(last - start)
        memory.append(resident_mb(viewer))
    assert sender.wait(60) == 0, said
    time.sleep(0.2)
    viewer.finish(signal.SIGTERM)
    logged = int(re.search(r"(\d+) rows in", said)[1])
    exit_secs = secs_to_disconnect(said)
    late = f"{max(delays):.2f} s late at most" if delays else "too short to be late"
    print(f"  {said.strip().splitlines()[-2]}; {late}, {max(memory, default=0):.0f} MB, exit in {exit_secs:.2f} s")
    assert rows(stats(path)) >= logged, said
    assert exit_secs < 1, said
    # What is written is not kept.
    assert len(memory) < 3 or memory[-1] < memory[len(memory) // 3] + 100, memory


for check in [
    connect_and_blueprint,
    three_processes_one_recording,
    killed_in_the_middle,
    viewer_is_gone,
    viewer_restarts,
    an_older_sdk,
    spawned,
    late_transforms_equal_the_file,
    flooded,
    long_stream,
]:
    if options.only is not None and options.only not in check.__name__:
        continue
    with tempfile.TemporaryDirectory() as folder:
        check(Path(folder))
    print(f"ok: {check.__name__.replace('_', ' ')}", flush=True)

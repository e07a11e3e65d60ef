"""What the tests of the SDK send: python send.py URL WHAT [ARGUMENT]."""

import sys
import threading
import time

import numpy as np
import rerun as rr
import rerun.blueprint as rrb

url, what = sys.argv[1:3]
argument = sys.argv[3] if len(sys.argv) > 3 else ""
ended = threading.Event()


def connect(recording_id: str, has_layout: bool = False) -> None:
    rr.init("sdk", recording_id=recording_id)
    if not has_layout:
        rr.connect_grpc(url)
        return
    # No heuristic chooses such an origin.
    layout = rrb.Blueprint(rrb.Horizontal(rrb.Spatial3DView(origin="/world/box"), rrb.TimeSeriesView(origin="/plots")))
    rr.connect_grpc(url, default_blueprint=layout)


def rows(entity: str, count: int) -> None:
    for frame in range(count):
        rr.set_time("frame", sequence=frame)
        rr.log(entity, rr.Scalars(np.sin(frame / 10)))


if what == "rows":
    connect("run", has_layout=True)
    rr.log("world/box", rr.Boxes3D(half_sizes=[[1, 2, 3]]), static=True)
    rows("plots/" + (argument or "a"), 100)
elif what == "spawn":
    # The address is a port here, and another argument the viewer.
    rr.init("sdk", recording_id="run")
    rr.spawn(port=int(url), executable_path=sys.argv[4], hide_welcome_screen=True)
    rows("plots/" + argument, 101)
elif what == "late_transforms":
    connect("late")
    for frame in range(20):
        rr.set_time("frame", sequence=frame)
        rr.log("world/robot/arm", rr.Points3D([[1, 0, 0]]))
    for frame in range(20):
        rr.set_time("frame", sequence=frame)
        rr.log("world/robot", rr.Transform3D(translation=[frame, 0, 0]))
elif what == "killed":
    connect("killed")
    print("sending", flush=True)
    frame = 0
    while True:
        rr.set_time("frame", sequence=frame)
        rr.log("world/cloud", rr.Points3D(np.zeros((100_000, 3))))
        frame += 1
elif what == "steady":
    # A row now and then, until its input ends.
    connect("steady")
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    frame = 0
    while not ended.wait(0.01):
        rr.set_time("frame", sequence=frame)
        rr.log("plots/steady", rr.Scalars(frame))
        frame += 1
        if frame == 10:
            print("sending", flush=True)
elif what == "long":
    # Some of everything, at the rates of a robot: 1,000 scalars, 30 images, 10 clouds, 100 transforms and 20 lines of a log a second.
    connect("long")
    seconds, tick, rows_logged = float(argument), 0, 0
    random = np.random.default_rng(0)
    cloud = random.normal(size=(10_000, 3)).astype(np.float32)
    start, paused = time.time(), 0.0
    while (at := tick / 100) < seconds:
        if (wait := start + paused + at - time.time()) > 0:
            time.sleep(wait)
        rr.set_time("tick", sequence=tick)
        rr.log("world/robot", rr.Transform3D(translation=[np.cos(at), np.sin(at), 0]))
        for series in range(10):
            rr.log(f"plots/{(tick * 10 + series) % 20}", rr.Scalars(np.sin(at + series)))
        rows_logged += 11
        if tick % 3 == 0:
            rr.log("camera", rr.Image(random.integers(0, 255, (240, 320, 3), np.uint8)))
            rows_logged += 1
        if tick % 10 == 0:
            rr.log("world/cloud", rr.Points3D(cloud + [0, 0, np.sin(at)]))
            rows_logged += 1
        if tick % 5 == 0:
            rr.log("log", rr.TextLog(f"tick {tick}"))
            rows_logged += 1
        tick += 1
        if tick % 500 == 0:
            # So that it can be seen when the last of it is there.
            print("pausing", flush=True)
            time.sleep(1)
            paused += 1
    print(f"{rows_logged} rows in {time.time() - start - paused:.1f} s of {seconds:.0f}", flush=True)
elif what == "flood":
    connect("flood")
    count = int(argument)
    # A chunk for each row, as the smallest messages are.
    start = time.time()
    for frame in range(count):
        rr.send_columns(
            "plots/flood", indexes=[rr.TimeColumn("frame", sequence=[frame])], columns=rr.Scalars.columns(scalars=[0.5])
        )
    print(f"logged in {time.time() - start:.2f} s", flush=True)
else:
    sys.exit(f"nothing is called {what}")
start = time.time()
rr.disconnect()
print(f"disconnected in {time.time() - start:.2f} s")

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
    layout = rrb.Blueprint(rrb.Horizontal(rrb.Spatial3DView(origin="/world"), rrb.TimeSeriesView(origin="/plots")))
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

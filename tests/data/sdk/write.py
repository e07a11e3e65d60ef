"""Writes one small recording with whatever SDK it runs under: scalars with styling, points, transforms, a text log."""
import sys
import rerun as rr

path = sys.argv[1]
rr.init("chronoscope_sdk", recording_id="chronoscope-sdk")
rr.save(path)
old = hasattr(rr, "Scalar")  # 0.23 has both, and its users wrote the old ones
scalar = rr.Scalar if old else rr.Scalars
line, point = (rr.SeriesLine, rr.SeriesPoint) if old else (rr.SeriesLines, rr.SeriesPoints)


def many(value):
    return value if old else [value]


rr.log("plot/line", line(color=[255, 0, 0], width=2.0, name="red") if old else line(colors=[255, 0, 0], widths=2.0, names="red"), static=True)
rr.log("plot/dots", point(color=[0, 255, 0], marker="cross", name="green", marker_size=4.0) if old else point(colors=[0, 255, 0], markers="cross", names="green", marker_sizes=4.0), static=True)
for frame in range(3):
    rr.set_time("frame", sequence=frame)
    rr.log("plot/line", scalar(float(frame)))
    rr.log("plot/dots", scalar(float(frame) * 2))
    rr.log("world/points", rr.Points3D([[frame, 0, 0], [0, 1, 0]], colors=[[255, 255, 0]], radii=[0.1]))
    rr.log("world", rr.Transform3D(translation=[frame, 0, 0], rotation=rr.RotationAxisAngle(axis=[0, 0, 1], degrees=90), **({"axis_length": 0.5} if rr.__version__ < "0.28" else {})))
    rr.log("log", rr.TextLog(f"frame {frame}", level="INFO"))
rr.log("poses", rr.InstancePoses3D(translations=[[1, 2, 3]], scales=[[1, 1, 2]]), static=True)
rr.disconnect()

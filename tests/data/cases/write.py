"""Writes the recordings of this folder: python3 write.py, with rerun-sdk 0.41. The README says what each is for."""
import math
import pathlib

import numpy as np
import rerun as rr
import rerun.blueprint as rrb

HERE = pathlib.Path(__file__).parent


def recording(name, application=None, recording_id=None):
    rec = rr.RecordingStream(application or name, recording_id=recording_id or name)
    rec.save(HERE / f"{name}.rrd")
    return rec


def window():
    rec = recording("window")
    for entity, times, values in [
        ("dense", np.arange(601) / 10, np.sin(np.arange(601) / 10)),
        ("sparse", np.array([0, 3, 11, 12, 30, 47, 55.0]), [0, 5, 1, 9, 3, 7, 2]),
        ("events", np.array([0, 3, 11, 12, 30, 47, 55.0]), [1, 2, 3, 4, 5, 6, 7]),
        ("hold", np.array([1.0]), [4]),
    ]:
        rec.send_columns(entity, [rr.TimeColumn("t", duration=times)], rr.Scalars.columns(scalars=values))
    rec.log("events", rr.SeriesPoints(names="events", markers="diamond"), static=True)
    boundary = rrb.TimeRangeBoundary.cursor_relative
    times = [rrb.VisibleTimeRange("t", start=boundary(seconds=-5), end=boundary(seconds=0))]
    views = [
        rrb.TimeSeriesView(name=name, origin="/", contents=contents, time_ranges=times)
        for name, contents in [("lines", ["/dense", "/sparse"]), ("marks", ["/events"]), ("one", ["/hold"])]
    ]
    rrb.Blueprint(rrb.Vertical(*views), auto_views=False).save("window", HERE / "window.rbl")
    rec.disconnect()


def ranges():
    rec = recording("ranges")
    for frame in range(0, 21):
        rec.set_time("frame", sequence=frame)
        if frame % 2 == 0:
            rec.log("points", rr.Points3D([[frame, 0, 0]], radii=0.4))
        rec.log("log", rr.TextLog(f"frame {frame}"))
    relative, infinite = rrb.TimeRangeBoundary.cursor_relative, rrb.TimeRangeBoundary.infinite()

    def view(name, start=None, end=None):
        times = [rrb.VisibleTimeRange("frame", start=start, end=end)] if start else None
        return rrb.Spatial3DView(name=name, origin="/points", time_ranges=times)

    views = [
        view("latest"),
        view("zero", relative(seq=0), relative(seq=0)),
        view("around", relative(seq=-2), relative(seq=2)),
        view("everything", infinite, infinite),
    ]
    rrb.Blueprint(rrb.Grid(*views), auto_views=False).save("ranges", HERE / "ranges.rbl")
    rec.disconnect()


def formats():
    rec = recording("formats")
    for root, width, height in [("even", 16, 12), ("odd", 15, 11)]:
        half = ((width + 1) // 2) * ((height + 1) // 2)
        columns = ((width + 1) // 2) * height
        luma = width * height
        picture = np.full((height, width, 3), (200, 100, 50), np.uint8)
        alpha = np.full((height, width, 1), 255, np.uint8)
        rec.log(f"{root}/rgb", rr.Image(picture))
        rec.log(f"{root}/bgr", rr.Image(picture, "BGR"))
        rec.log(f"{root}/rgba", rr.Image(np.concatenate([picture, alpha], 2)))
        rec.log(f"{root}/bgra", rr.Image(np.concatenate([picture, alpha], 2), "BGRA"))
        sizes = {"NV12": luma + 2 * half, "YUY2": 4 * columns}
        for kind in ["LimitedRange", "FullRange"]:
            sizes[f"Y_U_V12_{kind}"] = luma + 2 * half
            sizes[f"Y_U_V16_{kind}"] = luma + 2 * columns
            sizes[f"Y_U_V24_{kind}"] = 3 * luma
            sizes[f"Y8_{kind}"] = luma
        for pattern in ["RGGB", "BGGR", "GBRG", "GRBG"]:
            sizes[f"Bayer{pattern}8"] = luma
        for name, size in sizes.items():
            image = rr.Image(bytes=bytes([128]) * size, width=width, height=height, pixel_format=rr.PixelFormat[name])
            rec.log(f"{root}/{name}", image)
    # A byte is missing.
    short = rr.Image(bytes=bytes([128]) * 287, width=16, height=12, pixel_format=rr.PixelFormat.NV12)
    rec.log("short", short)
    rec.disconnect()


def skeletons():
    rec = recording("skeletons")
    edges = [(0, 1), (1, 2), (1, 3), (1, 4), (4, 5), (4, 6), (0, 100)]
    ids = [0, 1, 2, 3, 4, 5, 6, 100]
    person = rr.ClassDescription(
        info=(1, "person", (200, 200, 255)),
        keypoint_annotations=[(i, f"joint {i}") for i in ids],
        keypoint_connections=edges,
    )
    dog = rr.ClassDescription(
        info=(2, "dog", (255, 200, 120)),
        keypoint_annotations=[(i, f"dog {i}") for i in range(4)],
        keypoint_connections=[(0, 1), (1, 2), (2, 3)],
    )
    rec.log("/", rr.AnnotationContext([person, dog]), static=True)
    whole = [(1, i, (i % 7, i // 3)) for i in ids]
    dogs = [(2, i, (11 + i, 8)) for i in range(4)]
    scrambled = [whole[i] for i in (6, 2, 7, 0, 4, 1, 5, 3)]
    missing = [row for row in whole if row[1] not in (1, 2)]
    twice = whole + [(1, i, (x + 12, y)) for _, i, (x, y) in whole]
    for frame, rows in enumerate([whole, scrambled, missing, whole + dogs, twice]):
        rec.set_time("frame", sequence=frame)
        classes, joints, places = zip(*rows)
        flat = rr.Points2D(places, class_ids=classes, keypoint_ids=joints, radii=0.25)
        space = rr.Points3D([(x, 0, y) for x, y in places], class_ids=classes, keypoint_ids=joints, radii=0.25)
        rec.log("flat/skeleton", flat)
        rec.log("space/skeleton", space)
    rec.disconnect()


def files():
    for name, application, of, part, place, frames, offset in [
        ("files-a", "first", "same", "one", 0, range(20), 0),
        ("files-b", "first", "same", "two", 1, range(20), 0),
        ("files-c", "first", "same", "one", 0, range(5, 15), 100),
        ("files-d", "second", "same", "four", 3, range(20), 0),
        ("files-e", "first", "other", "five", 4, range(20), 0),
    ]:
        rec = recording(name, application, of)
        rec.log(f"space/{part}", rr.Points3D([[place, 0, 0]], radii=0.2), static=True)
        for frame in frames:
            rec.set_time("frame", sequence=frame)
            rec.log(f"scalar/{part}", rr.Scalars(frame + offset))
        rec.disconnect()


def counts():
    rec = recording("counts")

    def turn(x, z, angle):
        return rr.Quaternion(xyzw=[x * math.sin(angle), 0, z * math.sin(angle), math.cos(angle)])

    row = [[0, 0, 0], [2, 0, 0], [4, 0, 0]]
    turns = [turn(0, 0, 0), turn(0, 1, 0.5), turn(1, 0, 0.5)]
    for entity, shapes in {
        "w/three": rr.Boxes3D(centers=row, half_sizes=[[0.5, 0.5, 0.5]]),
        "w/two": rr.Boxes3D(centers=[[0, 3, 0]], half_sizes=[[0.5, 0.5, 0.5], [0.8, 0.2, 0.2]]),
        "w/turned": rr.Boxes3D(half_sizes=[[0.5, 0.2, 0.1]], centers=row, quaternions=turns),
        "w/round": rr.Ellipsoids3D(half_sizes=[[0.5, 0.3, 0.2]], centers=row),
        "w/arrows": rr.Arrows3D(vectors=[[0, 0, 1]], origins=[[6, 0, 0], [7, 0, 0]]),
        "w/points": rr.Points3D([[6, 3, 0], [7, 3, 0]], radii=[0.1, 0.2, 0.3], labels=["p", "q", "none"]),
        "p/one": rr.Boxes2D(centers=[[0, 0], [20, 0], [40, 0]], half_sizes=[[5, 5]]),
        "p/two": rr.Boxes2D(centers=[[0, 40]], half_sizes=[[5, 5], [9, 9]]),
    }.items():
        rec.log(entity, shapes, static=True)
    rec.disconnect()


for write in [window, ranges, formats, skeletons, files, counts]:
    write()

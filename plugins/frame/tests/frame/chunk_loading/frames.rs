//! Named frames whose rows are in chunks that are known and not loaded.

use chronoscope_store::RowId;
use chronoscope_types::AsComponents as _;

use super::*;

#[test]
fn a_chunk_of_which_too_much_was_told_lacks_nothing_once_it_was_read() {
    // Its first row places nothing, which its file does not say.
    let first = Points3D::new([[0.0; 3]]).components();
    let chunk = Chunk::builder("/tf").with_row(RowId::new(), at(0), first);
    let chunk = chunk.with_row(RowId::new(), at(10), placed("a", 1.0).components());
    let late = chunk.build().unwrap();
    // Nor that this one does not.
    let nothing = Chunk::builder("/tf").with_row(RowId::new(), at(3), Points3D::new([[1.0; 3]]).components());
    let nothing = nothing.build().unwrap();
    let in_frame = CoordinateFrame::default().with_frame("a");
    let stands = log_chunk("/world/a", Vec::new(), &in_frame).unwrap();
    let shelf = Arc::new(Shelf::of([
        late.clone(),
        nothing.clone(),
        stands.clone(),
        points("/world/a", 20),
    ]));
    let mut told: Vec<AbsentChunk> = shelf
        .chunks
        .values()
        .map(|chunk| AbsentChunk::of(chunk))
        .collect();
    for chunk in &mut told {
        chunk
            .components
            .iter_mut()
            .for_each(|component| component.ranges.clear());
        if chunk.id == nothing.id() {
            chunk.components = AbsentChunk::of(&late).components;
            chunk
                .components
                .iter_mut()
                .for_each(|component| component.ranges.clear());
        }
    }
    let mut app = app_told(Arc::clone(&shelf) as _, told);
    settle(&mut app);
    for cursor in [5, 15, 20, 0] {
        time(
            &mut app,
            TimeCommand::SetTimelineAndTime("frame".to_owned(), cursor),
        );
        settle(&mut app);
        let lacks = lacks(&mut app);
        assert!(
            lacks.iter().all(|missing| missing.missing_chunks == 0),
            "{cursor}: {lacks:?}"
        );
        assert_eq!(x_of(&app, "/world/a"), (cursor >= 10).then_some(1.0));
    }
}

#[test]
fn until_a_row_is_there_the_latest_that_is_stands_for_it() {
    let tf = |frame: &str, time: i64| log_chunk("/tf", at(time), &placed(frame, time as f32)).unwrap();
    let stands = CoordinateFrame::default().with_frame("a");
    let mut chunks = vec![log_chunk("/world/a", Vec::new(), &stands).unwrap()];
    chunks.extend((0..60).map(|time| tf(if time % 3 == 0 { "a" } else { "b" }, time)));
    // One writer's chunk spans the others.
    let long = Chunk::builder("/tf").with_row(RowId::new(), at(4), placed("a", 4.0).components());
    let long = long.with_row(RowId::new(), at(50), placed("a", 50.0).components());
    let long = long.build().unwrap();
    chunks.push(long.clone());
    let ids: Vec<ChunkId> = chunks.iter().map(Chunk::id).collect();
    let shelf = Arc::new(Shelf::of(chunks));
    let mut app = app_with(&shelf);
    settle(&mut app);
    // All are read once.
    for cursor in 0..60 {
        time(
            &mut app,
            TimeCommand::SetTimelineAndTime("frame".to_owned(), cursor),
        );
        settle(&mut app);
    }
    let evict = |app: &mut App, chunks: &mut dyn Iterator<Item = ChunkId>| {
        crate::change(app, &store_id(), |recording| {
            chunks.flat_map(|id| recording.evict(id)).collect()
        });
    };
    for (gone, cursor, expected) in [
        // The row at 45 is in the 46th chunk, after that of the frame's name.
        (40..=46, 47, 36.0),
        (10..=61, 47, 6.0),
        (10..=60, 55, 50.0),
        (10..=60, 47, 6.0),
        (7..=60, 47, 4.0),
        (4..=61, 59, 0.0),
    ] {
        time(
            &mut app,
            TimeCommand::SetTimelineAndTime("frame".to_owned(), cursor),
        );
        settle(&mut app);
        evict(&mut app, &mut ids[gone.clone()].iter().copied());
        // In the frame in which they are gone, before they are read again.
        app.update();
        assert_eq!(x_of(&app, "/world/a"), Some(expected), "{gone:?} at {cursor}");
        settle(&mut app);
        let full = (0..=cursor)
            .filter(|time| time % 3 == 0 || [4, 50].contains(time))
            .max();
        assert_eq!(x_of(&app, "/world/a"), full.map(|time| time as f64));
    }
}

use super::*;

#[test]
fn the_list_follows_the_cursor_until_it_is_left() {
    let mut following = Following::default();
    let cursor = |time| Cursor {
        time,
        ..Cursor::default()
    };
    let columns = &[Column::Entity, Column::Text];
    // Lines arrive before the cursor.
    assert!(following.scrolls_to(cursor(5), columns, 10));
    following.stands_at(40.0, false);
    assert!(!following.scrolls_to(cursor(5), columns, 10));
    assert!(following.scrolls_to(cursor(5), columns, 20));
    // The tile became larger: that is not the user.
    following.stands_at(30.0, false);
    assert!(following.scrolls_to(cursor(5), columns, 21));
    // The user looks elsewhere, also while lines arrive: they move nothing, a cursor that moves does.
    following.stands_at(10.0, true);
    assert!(!following.scrolls_to(cursor(5), columns, 30));
    following.stands_at(10.0, false);
    assert!(!following.scrolls_to(cursor(5), columns, 31));
    assert!(following.scrolls_to(cursor(6), columns, 31));
    following.stands_at(120.0, false);
    assert!(following.scrolls_to(cursor(6), columns, 32));
    // With other columns the list begins at its top.
    assert!(following.scrolls_to(cursor(6), &[Column::Text], 32));
}

//! What is read of a document.

use super::*;

fn plain(text: &str) -> Span {
    Span {
        text: text.to_owned(),
        ..Span::default()
    }
}

fn link(text: &str, target: &str) -> Span {
    Span {
        link: Some(target.into()),
        ..plain(text)
    }
}

fn block(content: Content) -> Block {
    Block {
        within: Vec::new(),
        marker: None,
        content,
    }
}

fn item(depth: usize, marker: Option<Marker>, text: &str) -> Block {
    let spans = if text.is_empty() {
        vec![]
    } else {
        vec![plain(text)]
    };
    Block {
        within: vec![Container::Item; depth],
        marker,
        content: Content::Paragraph(spans),
    }
}

/// The spans of a document that is one paragraph.
fn spans(text: &str) -> Vec<Span> {
    match parse(text).as_slice() {
        [
            Block {
                content: Content::Paragraph(spans),
                ..
            },
        ] => spans.clone(),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn reads_blocks() {
    let text = "# Scene\nA robot\ndrives.\n\n> said\n\n```rust\nlet x;\n\ny\n```\n---\n#nothing";
    let quote = Block {
        within: vec![Container::Quote],
        ..block(Content::Paragraph(vec![plain("said")]))
    };
    assert_eq!(
        parse(text),
        [
            block(Content::Heading(1, vec![plain("Scene")])),
            block(Content::Paragraph(vec![plain("A robot drives.")])),
            quote,
            block(Content::Code(PlainText::new("let x;\n\ny\n"))),
            block(Content::Rule),
            block(Content::Paragraph(vec![plain("#nothing")])),
        ]
    );
    assert_eq!(parse(""), []);
}

#[test]
fn reads_lists() {
    let text = "- one\n  - two\n\n    more\n\n3) three\n4) \n5) - five\n\n- [x] done\n- [ ] open";
    assert_eq!(
        parse(text),
        [
            item(1, Some(Marker::Bullet), "one"),
            item(2, Some(Marker::Bullet), "two"),
            item(2, None, "more"),
            item(1, Some(Marker::Number(3)), "three"),
            item(1, Some(Marker::Number(4)), ""),
            item(1, Some(Marker::Number(5)), ""),
            item(2, Some(Marker::Bullet), "five"),
            item(1, Some(Marker::Task(true)), "done"),
            item(1, Some(Marker::Task(false)), "open"),
        ]
    );
}

#[test]
fn reads_tables() {
    let columns: Arc<[Column]> = Arc::new([
        Column {
            num_chars: 4,
            side: Side::Left,
        },
        Column {
            num_chars: 5,
            side: Side::Right,
        },
    ]);
    let row = |is_header, cells: [Vec<Span>; 2]| {
        block(Content::Row(Row {
            is_header,
            columns: columns.clone(),
            cells: cells.into(),
        }))
    };
    assert_eq!(
        parse("name | value\n---|--:\nmass | 1.5\nunit |\nlong | 1 | 2"),
        [
            row(true, [vec![plain("name")], vec![plain("value")]]),
            row(false, [vec![plain("mass")], vec![plain("1.5")]]),
            row(false, [vec![plain("unit")], vec![]]),
            row(false, [vec![plain("long")], vec![plain("1")]]),
        ]
    );
}

#[test]
fn reads_spans() {
    let strong = |text: &str| Span {
        strong: true,
        ..plain(text)
    };
    let emphasis = |text: &str| Span {
        emphasis: true,
        ..plain(text)
    };
    let check = |text: &str, expected: &[Span]| assert_eq!(spans(text), expected, "{text}");
    check(
        "in a *circle* for **100** frames",
        &[
            plain("in a "),
            emphasis("circle"),
            plain(" for "),
            strong("100"),
            plain(" frames"),
        ],
    );
    check("snake_case_name and 2 * 3", &[plain("snake_case_name and 2 * 3")]);
    check(
        "`a*b*` ~~no~~",
        &[
            Span {
                code: true,
                ..plain("a*b*")
            },
            plain(" "),
            Span {
                strikethrough: true,
                ..plain("no")
            },
        ],
    );
    check(r"\*not\*", &[plain("*not*")]);
    check("one  \ntwo", &[plain("one\ntwo")]);
    check("a <b>c</b>", &[plain("a <b>c</b>")]);
    check("ünï **cödé", &[plain("ünï **cödé")]);
    check(
        "[here](https://example.org)!",
        &[link("here", "https://example.org"), plain("!")],
    );
    check("<HTTP://a.b>", &[link("HTTP://a.b", "HTTP://a.b")]);
    check("[a]\n\n[a]: http://b.c", &[link("a", "http://b.c")]);
    check("[not a link", &[plain("[not a link")]);
}

/// Of what a document names, nothing is read and nothing but the web can be opened.
#[test]
fn links_lead_to_the_web_and_pictures_are_their_descriptions() {
    for target in [
        "file:///etc/hostname",
        "/etc/hostname",
        "etc/hostname",
        "javascript:alert(1)",
        "data:text/html,x",
        "mailto:a@b.c",
        "smb://a/b",
        "#there",
        "https:/a",
        "\u{1F600}",
    ] {
        let shut = Span {
            is_shut: true,
            ..plain("x")
        };
        assert_eq!(spans(&format!("[x](<{target}>)")), [shut], "{target}");
        assert_eq!(spans(&format!("![x](<{target}>)")), [plain("x")], "{target}");
    }
    let shut_alone = |span: &Span| (span.text.clone(), span.is_shut);
    assert_eq!(
        spans("a [b](c) d").iter().map(shut_alone).collect::<Vec<_>>(),
        [
            ("a ".to_owned(), false),
            ("b".to_owned(), true),
            (" d".to_owned(), false)
        ]
    );
    let picture = "http://a.b/c.png";
    assert_eq!(spans(&format!("![x]({picture})")), [link("x", picture)]);
    assert_eq!(spans(&format!("![]({picture})")), [link("picture", picture)]);
    assert_eq!(spans("a ![](data:image/png;base64,AA==)"), [plain("a picture")]);
    assert_eq!(
        spans(&format!("[![x]({picture})](https://d.e)")),
        [link("x", "https://d.e")]
    );
    assert_eq!(
        parse("<img src=\"file:///etc/hostname\">"),
        [block(Content::Paragraph(vec![plain(
            "<img src=\"file:///etc/hostname\">"
        )]))]
    );
}

/// Costs what is written, whatever it is: each of these would take minutes, or all of the stack, if every mark looked at all
/// that follows or opened a level of its own.
#[test]
fn a_megabyte_of_marks_is_read() {
    for mark in [
        "[",
        "[](",
        "](",
        "*",
        "**",
        "_a ",
        "`",
        "[a](",
        "(",
        r"\[",
        ">",
        "- ",
        "> - ",
        "1. ",
        "![",
        "<",
        "|",
        "a|b\n-|-\n",
    ] {
        let blocks = parse(&(mark.repeat(1_000_000 / mark.len()) + "x"));
        assert!(!blocks.is_empty(), "{mark}");
        assert!(
            blocks.iter().all(|block| block.within.len() <= MAX_DEPTH),
            "{mark}"
        );
    }
}

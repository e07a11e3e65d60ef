//! What is drawn of a document.

#![allow(clippy::unwrap_used, reason = "tests")]

use egui::{
    Event, Modifiers, OutputCommand, PointerButton, Pos2, RawInput, Shape, SizeHint,
    load::{ImageLoadResult, ImageLoader, LoadError},
};

use super::*;
use crate::{testing::context_with_fonts, text_document::markdown};

/// Keeps the addresses of the pictures that somebody wants.
#[derive(Default)]
struct Wanted(Mutex<Vec<String>>);

impl ImageLoader for Wanted {
    fn id(&self) -> &'static str {
        "wanted"
    }

    fn load(&self, _: &egui::Context, uri: &str, _: SizeHint) -> ImageLoadResult {
        self.0.lock().unwrap().push(uri.to_owned());
        Err(LoadError::NotSupported)
    }

    fn forget(&self, _: &str) {}

    fn forget_all(&self) {}

    fn byte_size(&self) -> usize {
        0
    }
}

/// A document in a context of its own.
struct Page {
    ctx: egui::Context,
    document: Arc<DocumentVisual>,
}

impl Page {
    fn new(text: &str) -> Self {
        Self {
            ctx: context_with_fonts(),
            document: Arc::new(DocumentVisual::Markdown(markdown::parse(text))),
        }
    }

    /// Draws it in 400 by 300 points.
    fn run(&self, events: Vec<Event>) -> egui::FullOutput {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(400.0, 300.0))),
            events,
            ..RawInput::default()
        };
        let mut output = self.ctx.run_ui(input, |ui| {
            let DocumentVisual::Markdown(blocks) = &*self.document else {
                return;
            };
            let view = ViewId::hashed(["document"]);
            let sizes = BlockSizes::of(ui, view, 0, PlainLook::CODE, &self.document);
            show_blocks(ui, &ViewStyle::default(), blocks, &sizes);
        });
        output.textures_delta.clear();
        output
    }

    /// Draws it. Returns the texts with their places, and what is to be done.
    fn draw(&self, events: Vec<Event>) -> (Vec<(String, Rect)>, Vec<OutputCommand>) {
        let output = self.run(events);
        let texts = output.shapes.iter().filter_map(|clipped| match &clipped.shape {
            Shape::Text(text) => {
                let rect = text.galley.rect.translate(text.pos.to_vec2());
                Some((text.galley.text().to_owned(), rect))
            }
            _ => None,
        });
        (texts.collect(), output.platform_output.commands)
    }

    /// Clicks on a text, and returns the addresses that this opens.
    fn click(&self, text: &str) -> Vec<String> {
        let (texts, _) = self.draw(Vec::new());
        let at = place(&texts, text).center();
        let button = |pressed| Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        self.draw(vec![Event::PointerMoved(at)]);
        self.draw(vec![button(true)]);
        let (_, commands) = self.draw(vec![button(false)]);
        let opened = commands.into_iter().filter_map(|command| match command {
            OutputCommand::OpenUrl(open) => Some(open.url),
            _ => None,
        });
        opened.collect()
    }
}

fn place(texts: &[(String, Rect)], text: &str) -> Rect {
    let found = texts.iter().find(|(shown, _)| shown == text);
    found.unwrap_or_else(|| panic!("{text} in {texts:?}")).1
}

#[test]
fn pictures_are_not_loaded_and_no_loader_is_installed() {
    let page = Page::new(
        "![host](file:///etc/hostname)\n\n![there](/etc/hostname)\n\n![web](https://a.b/c.png)\n\n\
         <img src='file:///etc/hostname'>",
    );
    let wanted = Arc::new(Wanted::default());
    page.ctx.add_image_loader(wanted.clone());
    let num_loaders = || {
        let loaders = page.ctx.loaders();
        let num_bytes = loaders.bytes.lock().len();
        (
            num_bytes,
            loaders.image.lock().len(),
            loaders.texture.lock().len(),
        )
    };
    let before = num_loaders();
    assert_eq!(page.click("host"), Vec::<String>::new());
    assert_eq!(page.click("there"), Vec::<String>::new());
    assert_eq!(page.click("web"), ["https://a.b/c.png"]);
    assert_eq!(*wanted.0.lock().unwrap(), Vec::<String>::new());
    assert_eq!(num_loaders(), before);
}

#[test]
fn cells_of_a_column_stand_in_line() {
    let page = Page::new("name | value\n---|--:\n**mass** and more | 1.5\nlength | 100");
    let (texts, _) = page.draw(Vec::new());
    let at = |text| place(&texts, text);
    assert_eq!(at("name").left(), at("length").left());
    assert_eq!(at("mass and more").left(), at("length").left());
    assert!((at("1.5").right() - at("100").right()).abs() < 1.0, "{texts:?}");
    assert!((at("value").right() - at("100").right()).abs() < 1.0, "{texts:?}");
    assert!(at("name").bottom() <= at("mass and more").top());
    assert!(at("mass and more").right() <= at("1.5").left());
}

#[test]
fn the_widest_columns_give_way() {
    let check = |widths: &[f32], room, expected: &[f32]| assert_eq!(fit(widths.to_vec(), room), expected);
    check(&[80.0, 300.0], 400.0, &[80.0, 300.0]);
    check(&[80.0, 300.0, 500.0], 480.0, &[80.0, 200.0, 200.0]);
    check(&[70.0, 70.0], 50.0, &[60.0, 60.0]);
    check(&[20.0, 500.0], 0.0, &[20.0, 60.0]);
    check(&[], 10.0, &[]);
}

#[test]
fn links_stand_on_the_line_of_the_text_around_them() {
    let (texts, _) = Page::new("a [link](http://b.c) and more").draw(Vec::new());
    let at = |text| place(&texts, text).bottom();
    assert_eq!((at("a "), at("link")), (at(" and more"), at(" and more")));
}

#[test]
fn links_look_as_the_text_that_they_are() {
    let output = Page::new("[`code`](http://b.c) [*soft*](http://d.e) [~~old~~](http://f.g)").run(Vec::new());
    let look = |wanted: &str| {
        let mut looks = output.shapes.iter().filter_map(|clipped| match &clipped.shape {
            Shape::Text(text) if text.galley.text() == wanted => Some(&text.galley.job.sections[0].format),
            _ => None,
        });
        looks.next().unwrap()
    };
    assert_eq!(look("code").font_id.family, FontFamily::Monospace);
    assert_eq!(look("soft").font_id.family, FontFamily::Proportional);
    assert!(look("soft").italics && !look("code").italics);
    assert!(look("old").strikethrough.width > 0.0);
}

#[test]
fn items_stand_in_line_behind_their_marks() {
    let page = Page::new("8. one\n9. two\n\n   more\n   - [x] three\n- \n- four");
    let (texts, _) = page.draw(Vec::new());
    let at = |text| place(&texts, text);
    assert_eq!(at("one").left(), at("two").left());
    assert_eq!(at("more").left(), at("two").left());
    assert_eq!(at("three").left(), at("two").left() + INDENT);
    assert_eq!(at("four").left(), at("two").left());
    for (mark, text) in [
        ("8.", "one"),
        ("9.", "two"),
        (egui_phosphor::regular::CHECK_SQUARE, "three"),
    ] {
        assert!(at(mark).right() < at(text).left() && at(mark).y_range().contains(at(text).center().y));
    }
    assert_eq!(texts.iter().filter(|(text, _)| text == "•").count(), 2);
}

#[test]
fn a_document_that_was_drawn_is_not_held_on_to() {
    let page = Page::new("text");
    page.draw(Vec::new());
    assert_eq!(Arc::strong_count(&page.document), 1);
}

#[test]
fn what_cannot_be_seen_is_not_drawn() {
    let page = Page::new(&"row\n\n".repeat(10_000));
    page.draw(Vec::new());
    let (texts, _) = page.draw(Vec::new());
    assert!((5..50).contains(&texts.len()), "{}", texts.len());
}

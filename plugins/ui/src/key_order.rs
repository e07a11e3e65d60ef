//! Keys with the modifiers that were held when they were pressed.
//!
//! `bevy_egui` gives all keys of a frame the modifiers that are held at its end. Where frames are slow, a stroke of Ctrl+H fits
//! into one, and would be an H, which hides what is selected. The order in which keys came says what was meant.

use std::mem;

use bevy::{
    ecs::prelude::*,
    input::keyboard::{Key, KeyboardFocusLost, KeyboardInput},
};
use bevy_egui::{
    EguiInput,
    helpers::{bevy_to_egui_key, bevy_to_egui_physical_key},
    input::WindowToEguiContextMap,
};
use egui::{Event, Modifiers};

/// The modifier keys that are held.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Held {
    shift: bool,
    ctrl: bool,
    alt: bool,
    win: bool,
}

impl Held {
    fn note(&mut self, input: &KeyboardInput) {
        let key = match input.logical_key {
            Key::Shift => &mut self.shift,
            Key::Control => &mut self.ctrl,
            Key::Alt => &mut self.alt,
            Key::Super | Key::Meta => &mut self.win,
            _ => return,
        };
        *key = input.state.is_pressed();
    }

    /// As egui has them.
    fn modifiers(self) -> Modifiers {
        let is_mac = cfg!(target_os = "macos");
        Modifiers {
            alt: self.alt,
            ctrl: self.ctrl,
            shift: self.shift,
            mac_cmd: is_mac && self.win,
            command: if is_mac { self.win } else { self.ctrl },
        }
    }

    /// Whether a letter is text then. Ctrl and Alt together are `AltGr`, which writes.
    fn allows_text(self) -> bool {
        let is_mac = cfg!(target_os = "macos");
        !self.win && !self.ctrl || !is_mac && self.ctrl && self.alt
    }
}

/// A key that went down or up, with what was held then.
struct Stroke {
    window: Entity,
    held: Held,
    /// What it writes, where nothing is held that forbids it.
    text: Option<String>,
}

impl Stroke {
    /// `None` for a key that egui does not know.
    fn of(input: &KeyboardInput, held: Held) -> Option<Self> {
        bevy_to_egui_key(&input.logical_key).or_else(|| bevy_to_egui_physical_key(&input.key_code))?;
        let text = match &input.logical_key {
            Key::Character(text) if !text.contains(char::is_control) => Some(text.to_string()),
            Key::Space => Some(" ".to_owned()),
            _ => None,
        };
        Some(Self {
            window: input.window,
            held,
            text: text.filter(|_| input.state.is_pressed()),
        })
    }
}

/// Corrects the keys of frames in which modifiers changed. Between `bevy_egui`'s reading of the input and its passes.
pub(crate) fn restore_modifiers(
    mut keys: MessageReader<KeyboardInput>,
    mut lost: MessageReader<KeyboardFocusLost>,
    mut held: Local<Held>,
    contexts: Res<WindowToEguiContextMap>,
    mut inputs: Query<&mut EguiInput>,
) {
    if lost.read().count() > 0 {
        *held = Held::default();
    }
    let before = *held;
    let mut has_changed = false;
    let mut strokes = Vec::new();
    for input in keys.read() {
        held.note(input);
        has_changed |= *held != before;
        strokes.extend(Stroke::of(input, *held));
    }
    if !has_changed {
        return;
    }
    for (window, of_window) in &contexts.window_to_contexts {
        let strokes: Vec<&Stroke> = strokes.iter().filter(|stroke| stroke.window == *window).collect();
        for context in of_window {
            if let Ok(mut input) = inputs.get_mut(*context) {
                correct(&mut input.events, &strokes, *held);
            }
        }
    }
}

/// Gives keys the modifiers of their strokes, and takes out or adds the texts that depend on them. `at_end` is what all keys
/// were given. Where the two do not agree, as in a context that does not read keys, nothing is changed.
fn correct(events: &mut Vec<Event>, strokes: &[&Stroke], at_end: Held) {
    let is_key = |event: &&Event| matches!(event, Event::Key { .. });
    if events.iter().filter(is_key).count() != strokes.len() {
        return;
    }
    let mut strokes = strokes.iter();
    for mut event in mem::take(events) {
        if let Event::Key { modifiers, .. } = &mut event
            && let Some(stroke) = strokes.next()
        {
            *modifiers = stroke.held.modifiers();
            if let Some(text) = &stroke.text {
                match (at_end.allows_text(), stroke.held.allows_text()) {
                    (true, false) if events.last() == Some(&Event::Text(text.clone())) => _ = events.pop(),
                    (false, true) => events.push(Event::Text(text.clone())),
                    _ => {}
                }
            }
        }
        events.push(event);
    }
}

#[cfg(test)]
mod tests {
    use bevy::{
        app::{App, Update},
        input::{ButtonState, keyboard::KeyCode},
    };

    use super::*;

    fn input(window: Entity, key: Key, code: KeyCode, state: ButtonState) -> KeyboardInput {
        KeyboardInput {
            key_code: code,
            logical_key: key,
            state,
            text: None,
            repeat: false,
            window,
        }
    }

    fn key(key: egui::Key, pressed: bool, modifiers: Modifiers) -> Event {
        Event::Key {
            key,
            physical_key: Some(key),
            pressed,
            repeat: false,
            modifiers,
        }
    }

    /// What is left of the events of a frame in which these keys came.
    fn corrected(inputs: &[(Key, KeyCode, ButtonState)], events: Vec<Event>) -> Vec<Event> {
        let mut app = App::new();
        app.add_message::<KeyboardInput>()
            .add_message::<KeyboardFocusLost>()
            .init_resource::<WindowToEguiContextMap>()
            .add_systems(Update, restore_modifiers);
        let world = app.world_mut();
        let window = world.spawn_empty().id();
        let given = EguiInput(egui::RawInput {
            events,
            ..egui::RawInput::default()
        });
        let context = world.spawn(given).id();
        let mut contexts = world.resource_mut::<WindowToEguiContextMap>();
        let of_window = contexts.window_to_contexts.entry(window).or_default();
        of_window.insert(context);
        for (key, code, state) in inputs {
            world.write_message(input(window, key.clone(), *code, *state));
        }
        app.update();
        let left = app.world_mut().get_mut::<EguiInput>(context);
        left.map(|mut left| mem::take(&mut left.events))
            .unwrap_or_default()
    }

    const DOWN: ButtonState = ButtonState::Pressed;
    const UP: ButtonState = ButtonState::Released;

    #[test]
    fn a_stroke_with_a_modifier_within_a_frame_is_one() {
        let h = || Key::Character("h".into());
        let inputs = [
            (Key::Control, KeyCode::ControlLeft, DOWN),
            (h(), KeyCode::KeyH, DOWN),
            (h(), KeyCode::KeyH, UP),
            (Key::Control, KeyCode::ControlLeft, UP),
        ];
        // As nothing is held at the end of the frame.
        let events = vec![
            Event::Text("h".to_owned()),
            key(egui::Key::H, true, Modifiers::NONE),
            key(egui::Key::H, false, Modifiers::NONE),
            Event::ModifiersChanged(Modifiers::NONE),
        ];
        let ctrl = Modifiers::CTRL | Modifiers::COMMAND;
        #[cfg(target_os = "macos")]
        let ctrl = Modifiers::CTRL;
        assert_eq!(
            corrected(&inputs, events),
            [
                key(egui::Key::H, true, ctrl),
                key(egui::Key::H, false, ctrl),
                Event::ModifiersChanged(Modifiers::NONE),
            ]
        );
    }

    #[test]
    fn a_letter_before_a_modifier_stays_text() {
        let a = || Key::Character("a".into());
        let inputs = [
            (a(), KeyCode::KeyA, DOWN),
            (a(), KeyCode::KeyA, UP),
            (Key::Control, KeyCode::ControlLeft, DOWN),
        ];
        let ctrl = Modifiers::CTRL | Modifiers::COMMAND;
        let events = vec![key(egui::Key::A, true, ctrl), key(egui::Key::A, false, ctrl)];
        assert_eq!(
            corrected(&inputs, events),
            [
                Event::Text("a".to_owned()),
                key(egui::Key::A, true, Modifiers::NONE),
                key(egui::Key::A, false, Modifiers::NONE),
            ]
        );
    }

    #[test]
    fn what_does_not_agree_with_the_keys_is_left_alone() {
        let inputs = [(Key::Control, KeyCode::ControlLeft, DOWN)];
        let events = vec![key(egui::Key::A, true, Modifiers::NONE)];
        assert_eq!(corrected(&inputs, events.clone()), events);
    }
}

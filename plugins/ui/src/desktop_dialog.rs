//! Dialogs of the desktop for choosing files to open or to save. They are windows of another program, which answers when it
//! pleases, or not at all: no pass waits for it.

use std::{
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Poll, Wake, Waker},
    time::Duration,
};

use chronoscope_frame::FileKinds;

/// What a dialog answers: the chosen files, none where it was canceled; `None` where there is no dialog.
type Answer = Option<Vec<PathBuf>>;

/// An answer that comes later.
type Asked = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// In this time a desktop that has dialogs shows one, in seconds.
const MOMENT_SECS: f64 = 0.75;

/// A dialog that was asked for.
pub(crate) struct DesktopDialog {
    /// Locked by nobody: a future need not be shared between threads, but a state must.
    asked: Mutex<Asked>,
    since_secs: f64,
    /// Whether the viewer has asked in its place, once.
    is_given_up: bool,
    /// Whether no answer also means that the dialog was canceled.
    is_for_saving: bool,
    /// Whether the window has lost the focus since, as to a dialog.
    has_lost_focus: bool,
}

/// How it stands with a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Someone is choosing, or will be in a moment.
    Open,
    /// The desktop says nothing.
    Silent,
    /// The desktop has no dialog.
    Missing,
    /// These files were chosen; none where it was canceled.
    Chosen(Vec<PathBuf>),
}

impl DesktopDialog {
    /// A dialog that was asked for just now.
    pub(crate) fn new(ctx: &egui::Context, asked: Asked) -> Self {
        Self {
            asked: Mutex::new(asked),
            since_secs: ctx.input(|input| input.time),
            is_given_up: false,
            is_for_saving: false,
            has_lost_focus: false,
        }
    }

    /// A dialog for saving that was asked for just now. Desktops do not tell a dialog that was canceled from
    /// none at all; but one that was there has taken the focus.
    pub(crate) fn for_saving(ctx: &egui::Context, asked: Asked) -> Self {
        Self {
            is_for_saving: true,
            ..Self::new(ctx, asked)
        }
    }

    /// Asks the desktop where to save a file, as which one of these extensions is proposed. `None` where this
    /// program was built without.
    pub(crate) fn save_file(ctx: &egui::Context, file: &FileToSave<'_>) -> Option<Self> {
        Some(Self::for_saving(ctx, ask_where_to_save(file)?))
    }

    /// Asks the desktop for files of these kinds to open. `None` where this program was built without.
    pub(crate) fn open_files(ctx: &egui::Context, kinds: &FileKinds) -> Option<Self> {
        Some(Self::new(ctx, ask_for_files(kinds)?))
    }

    /// Looks whether there is an answer. Another pass follows when there is one, or when the moment is over.
    pub(crate) fn poll(&mut self, ctx: &egui::Context) -> Progress {
        let waker = Waker::from(Arc::new(Repaint(ctx.clone())));
        let asked = self.asked.get_mut().unwrap_or_else(PoisonError::into_inner);
        let answer = asked.as_mut().poll(&mut std::task::Context::from_waker(&waker));
        let (now_secs, has_focus) = ctx.input(|input| (input.time, input.focused));
        self.has_lost_focus |= !has_focus;
        let rest_secs = self.since_secs + MOMENT_SECS - now_secs;
        match answer {
            Poll::Ready(Some(paths)) => Progress::Chosen(paths),
            Poll::Ready(None) if self.is_for_saving && self.has_lost_focus => Progress::Chosen(Vec::new()),
            Poll::Ready(None) => Progress::Missing,
            Poll::Pending if rest_secs > 0.0 => {
                ctx.request_repaint_after(Duration::from_secs_f64(rest_secs));
                Progress::Open
            }
            // A dialog takes the focus from this window.
            Poll::Pending if has_focus => Progress::Silent,
            Poll::Pending => Progress::Open,
        }
    }
}

/// A file that is to be saved, as a dialog names it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "file_dialog"),
    expect(dead_code, reason = "only the dialogs of the desktop read it")
)]
pub(crate) struct FileToSave<'a> {
    pub(crate) title: &'a str,
    /// What the kinds of files are called together.
    pub(crate) kind: &'a str,
    pub(crate) extensions: &'a [&'a str],
    /// The proposed name.
    pub(crate) name: &'a str,
}

/// Files that somebody is asked for: on the desktop where it has dialogs, else in the viewer.
#[derive(Default)]
pub(crate) struct FileQuestion {
    desktop: Option<DesktopDialog>,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileAnswer {
    /// Nothing, so far.
    None,
    /// The desktop cannot ask: the viewer has to.
    AskHere,
    /// These files were chosen; none where it was canceled.
    Chosen(Vec<PathBuf>),
}

impl FileQuestion {
    /// Asks the desktop, where it is to be asked and is not yet. Returns whether it was asked now; else the
    /// viewer has to.
    pub(crate) fn ask(&mut self, desktop: impl FnOnce() -> Option<DesktopDialog>) -> bool {
        if self.desktop.is_some() {
            return false;
        }
        self.desktop = desktop();
        self.desktop.is_some()
    }

    /// Sees what the desktop says, while the viewer asks as well or not.
    pub(crate) fn poll(&mut self, ctx: &egui::Context, is_asked_here: bool) -> FileAnswer {
        let Some(desktop) = &mut self.desktop else {
            return FileAnswer::None;
        };
        match desktop.poll(ctx) {
            Progress::Open => FileAnswer::None,
            Progress::Silent if is_asked_here || desktop.is_given_up => FileAnswer::None,
            Progress::Silent => {
                desktop.is_given_up = true;
                FileAnswer::AskHere
            }
            Progress::Missing => {
                let has_asked = desktop.is_given_up;
                self.desktop = None;
                if has_asked {
                    FileAnswer::None
                } else {
                    FileAnswer::AskHere
                }
            }
            Progress::Chosen(paths) => {
                self.desktop = None;
                FileAnswer::Chosen(paths)
            }
        }
    }
}

#[cfg(feature = "file_dialog")]
fn ask_where_to_save(file: &FileToSave<'_>) -> Option<Asked> {
    let dialog = rfd::AsyncFileDialog::new()
        .set_title(file.title)
        .add_filter(file.kind, file.extensions)
        .set_file_name(file.name);
    let chosen = dialog.save_file();
    Some(Box::pin(async {
        match chosen.await {
            Some(file) => Some(vec![file.path().to_owned()]),
            // These desktops always have a dialog, which was canceled.
            None if cfg!(any(windows, target_os = "macos")) => Some(Vec::new()),
            None => None,
        }
    }))
}

#[cfg(not(feature = "file_dialog"))]
fn ask_where_to_save(_: &FileToSave<'_>) -> Option<Asked> {
    None
}

#[cfg(feature = "file_dialog")]
fn ask_for_files(kinds: &FileKinds) -> Option<Asked> {
    let extensions: Vec<&String> = kinds.0.iter().flat_map(|kind| &kind.extensions).collect();
    let mut dialog = rfd::AsyncFileDialog::new().set_title("Open");
    if !extensions.is_empty() {
        dialog = dialog.add_filter("Files that can be opened", &extensions);
    }
    let chosen = dialog.add_filter("All files", &["*"]).pick_files();
    Some(Box::pin(async {
        let files = match chosen.await {
            Some(files) => files,
            // These desktops always have a dialog, which was canceled. Others tell that apart.
            None if cfg!(any(windows, target_os = "macos")) => Vec::new(),
            None => return None,
        };
        Some(files.iter().map(|file| file.path().to_owned()).collect())
    }))
}

#[cfg(not(feature = "file_dialog"))]
fn ask_for_files(_: &FileKinds) -> Option<Asked> {
    None
}

/// Has a context drawn again.
struct Repaint(egui::Context);

impl Wake for Repaint {
    fn wake(self: Arc<Self>) {
        self.0.request_repaint();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A desktop that answers what is sent.
    fn desktop(ctx: &egui::Context) -> (mpsc::Sender<Answer>, DesktopDialog) {
        let (answer, answers) = mpsc::channel();
        let answers = Mutex::new(answers);
        let asked = std::future::poll_fn(move |_| {
            let answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.try_recv().map_or(Poll::Pending, Poll::Ready)
        });
        (answer, DesktopDialog::new(ctx, Box::pin(asked)))
    }

    /// Lets time pass, with or without the focus on the window.
    fn pass(ctx: &egui::Context, secs: f64, focused: bool) {
        let input = egui::RawInput {
            time: Some(ctx.input(|input| input.time) + secs),
            focused,
            ..egui::RawInput::default()
        };
        ctx.run_ui(input, |_| {}).textures_delta.clear();
    }

    #[test]
    fn files_are_chosen_whenever_somebody_is_ready() {
        let ctx = egui::Context::default();
        let files = || vec![PathBuf::from("a.rrd"), PathBuf::from("b.rrd")];
        for secs in [0.1, 60.0] {
            let (answer, mut dialog) = desktop(&ctx);
            assert_eq!(dialog.poll(&ctx), Progress::Open);
            pass(&ctx, secs, false);
            assert_eq!(dialog.poll(&ctx), Progress::Open);
            assert!(answer.send(Some(files())).is_ok());
            assert_eq!(dialog.poll(&ctx), Progress::Chosen(files()));
        }
    }

    #[test]
    fn a_desktop_without_dialogs_is_told_from_one_that_was_canceled() {
        let ctx = egui::Context::default();
        for (answer_of_desktop, expected) in [
            (None, Progress::Missing),
            (Some(vec![]), Progress::Chosen(vec![])),
        ] {
            for secs in [0.1, 60.0] {
                let (answer, mut dialog) = desktop(&ctx);
                pass(&ctx, secs, false);
                assert!(answer.send(answer_of_desktop.clone()).is_ok());
                assert_eq!(dialog.poll(&ctx), expected);
            }
        }
    }

    #[test]
    fn where_nothing_was_chosen_to_save_there_was_a_dialog_if_it_took_the_focus() {
        let ctx = egui::Context::default();
        for (focused, expected) in [(true, Progress::Missing), (false, Progress::Chosen(vec![]))] {
            let (answer, mut dialog) = desktop(&ctx);
            dialog.is_for_saving = true;
            pass(&ctx, 0.1, focused);
            assert_eq!(dialog.poll(&ctx), Progress::Open);
            pass(&ctx, 60.0, true);
            assert!(answer.send(None).is_ok());
            assert_eq!(dialog.poll(&ctx), expected);
        }
    }

    #[test]
    fn a_desktop_that_says_nothing_is_silent_after_a_moment() {
        let ctx = egui::Context::default();
        let (_answer, mut dialog) = desktop(&ctx);
        pass(&ctx, MOMENT_SECS / 2.0, true);
        assert_eq!(dialog.poll(&ctx), Progress::Open);
        assert!(ctx.has_requested_repaint(), "at the end of the moment");
        pass(&ctx, MOMENT_SECS, true);
        assert_eq!(dialog.poll(&ctx), Progress::Silent);
        pass(&ctx, MOMENT_SECS, false);
        assert_eq!(dialog.poll(&ctx), Progress::Open);
    }

    /// The thread that asks the desktop is the dialog's; the pass only looks.
    #[test]
    fn an_answer_has_the_context_drawn_again() {
        let ctx = egui::Context::default();
        let waker: Arc<Mutex<Option<Waker>>> = Arc::default();
        let kept = waker.clone();
        let asked = std::future::poll_fn(move |context| {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
            Poll::Pending
        });
        let mut dialog = DesktopDialog::new(&ctx, Box::pin(asked));
        dialog.poll(&ctx);
        for _ in 0..3 {
            pass(&ctx, 1.0, false);
        }
        assert!(!ctx.has_requested_repaint());
        let waker = waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        waker.into_iter().for_each(Waker::wake);
        assert!(ctx.has_requested_repaint());
    }
}

//! The files that things are kept in.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
};

use chronoscope_blueprint::ViewId;
use chronoscope_frame::{RecentFiles, Report, kept::KeptBlueprint};
use chronoscope_io::{Severity, read_file, write_file, write_text};
use chronoscope_store::{Chunk, StoreId};
use chronoscope_types::{LogMessage, StoreInfo, StoreSource};
use chronoscope_ui::{PanelSizes, UiSettings};
use serde::{Deserialize, Serialize};

/// Larger files than this are not of this program.
const MAX_BYTES: u64 = 64 << 20;

/// What the settings file says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct KeptSettings {
    pub(super) theme: Option<KeptTheme>,
    recent_files: Vec<String>,
    left_panel: Option<f32>,
    right_panel: Option<f32>,
    time_panel: Option<f32>,
    pub(super) choices: KeptChoices,
}

/// What was chosen on the page of settings, beside the theme. What an earlier version did not keep is as the program
/// has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct KeptChoices {
    local_time: Option<bool>,
    fold_gaps: Option<bool>,
    keep_hidden_views: Option<bool>,
    system_fonts: Option<bool>,
    desktop_dialogs: Option<bool>,
}

impl KeptChoices {
    pub(super) fn of(settings: &UiSettings) -> Self {
        Self {
            local_time: Some(settings.local_time),
            fold_gaps: Some(settings.fold_gaps),
            keep_hidden_views: Some(settings.keep_hidden_views),
            system_fonts: Some(settings.system_fonts),
            desktop_dialogs: Some(settings.desktop_dialogs),
        }
    }

    pub(super) fn restore(self, settings: &mut UiSettings) {
        let restore = |kept: Option<bool>, setting: &mut bool| *setting = kept.unwrap_or(*setting);
        restore(self.local_time, &mut settings.local_time);
        restore(self.fold_gaps, &mut settings.fold_gaps);
        restore(self.keep_hidden_views, &mut settings.keep_hidden_views);
        restore(self.system_fonts, &mut settings.system_fonts);
        restore(self.desktop_dialogs, &mut settings.desktop_dialogs);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum KeptTheme {
    Dark,
    Light,
    System,
}

impl From<KeptTheme> for egui::ThemePreference {
    fn from(theme: KeptTheme) -> Self {
        match theme {
            KeptTheme::Dark => Self::Dark,
            KeptTheme::Light => Self::Light,
            KeptTheme::System => Self::System,
        }
    }
}

impl From<egui::ThemePreference> for KeptTheme {
    fn from(theme: egui::ThemePreference) -> Self {
        match theme {
            egui::ThemePreference::Dark => Self::Dark,
            egui::ThemePreference::Light => Self::Light,
            egui::ThemePreference::System => Self::System,
        }
    }
}

impl KeptSettings {
    pub(super) fn new(
        theme: Option<KeptTheme>,
        recent: &[PathBuf],
        sizes: PanelSizes,
        choices: KeptChoices,
    ) -> Self {
        let text = |path: &PathBuf| path.to_str().map(str::to_owned);
        Self {
            theme,
            recent_files: recent.iter().filter_map(text).collect(),
            left_panel: sizes.left,
            right_panel: sizes.right,
            time_panel: sizes.time,
            choices,
        }
    }

    /// Whether this is all that it would say.
    pub(super) fn says(
        &self,
        theme: Option<KeptTheme>,
        recent: &[PathBuf],
        sizes: PanelSizes,
        choices: KeptChoices,
    ) -> bool {
        // A name that is no text is not worth a format that could hold it.
        let texts = recent.iter().filter_map(|path| path.to_str());
        self.theme == theme
            && self.choices == choices
            && self.recent_files.iter().map(String::as_str).eq(texts)
            && (self.left_panel, self.right_panel, self.time_panel) == (sizes.left, sizes.right, sizes.time)
    }

    pub(super) fn recent_files(&self) -> Vec<PathBuf> {
        let files = self.recent_files.iter().take(RecentFiles::MAX);
        files.map(PathBuf::from).collect()
    }

    pub(super) fn panel_sizes(&self) -> PanelSizes {
        let usable = |size: Option<f32>| size.filter(|size| size.is_finite() && *size > 0.0);
        PanelSizes {
            left: usable(self.left_panel),
            right: usable(self.right_panel),
            time: usable(self.time_panel),
        }
    }
}

/// The folder with the files.
#[derive(Clone, Debug)]
pub(super) struct Files {
    folder: PathBuf,
}

impl Files {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn settings_path(&self) -> PathBuf {
        self.folder.join("settings.ron")
    }

    /// A readable name, and behind it what tells names apart that are written alike.
    fn blueprint_path(&self, application: &str) -> PathBuf {
        let readable: String = application
            .chars()
            .map(|letter| if letter.is_alphanumeric() { letter } else { '_' })
            .take(40)
            .collect();
        let id = ViewId::hashed(["kept blueprint", application]).to_string();
        self.folder
            .join("blueprints")
            .join(format!("{readable}-{id}.rbl"))
    }

    /// The settings; those of a first run where there is no file.
    pub(super) fn settings(&self) -> Result<KeptSettings, Report> {
        let path = self.settings_path();
        let failed = |error: &dyn std::fmt::Display| {
            Report::warning(path.display().to_string(), format!("cannot be read: {error}"))
        };
        if !is_readable(&path).map_err(|error| failed(&error))? {
            return Ok(KeptSettings::default());
        }
        let text = fs::read_to_string(&path).map_err(|error| failed(&error))?;
        ron::from_str(&text).map_err(|error| failed(&error))
    }

    /// The blueprint of an application, where one is kept.
    pub(super) fn blueprint(&self, application: &Arc<str>) -> Result<Option<KeptBlueprint>, Report> {
        let path = self.blueprint_path(application);
        let failed = |error: &dyn std::fmt::Display| {
            let text = format!("The views of {application} that were kept cannot be restored: {error}");
            Report::warning(path.display().to_string(), text)
        };
        if !is_readable(&path).map_err(|error| failed(&error))? {
            return Ok(None);
        }
        let (messages, reports) = read_file(&path);
        if let Some(report) = reports.iter().find(|report| report.severity != Severity::Info) {
            return Err(failed(&report.message));
        }
        let mut kept = KeptBlueprint::default();
        for message in messages {
            match message {
                LogMessage::StoreInfo(info) if info.id.application_id != *application => return Ok(None),
                LogMessage::StoreInfo(info) => kept.over = over_of(&info.id),
                LogMessage::Chunk { chunk, .. } => kept.chunks.push(Chunk::clone(&chunk)),
                _ => {}
            }
        }
        Ok(Some(kept))
    }
}

/// Whether there is such a file.
fn is_readable(path: &Path) -> std::io::Result<bool> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > MAX_BYTES => Err(std::io::Error::other("the file is too large")),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

const KEPT: &str = "kept";

/// The id of a blueprint that is kept says which one was edited.
fn store_of(application: &Arc<str>, over: Option<u64>) -> StoreId {
    let over = over.map_or(String::new(), |over| format!(" over {over:016x}"));
    StoreId::blueprint(Arc::clone(application), format!("{KEPT}{over}"))
}

fn over_of(id: &StoreId) -> Option<u64> {
    let over = id.recording_id.strip_prefix(KEPT)?.strip_prefix(" over ")?;
    u64::from_str_radix(over, 16).ok()
}

enum Job {
    Settings(String),
    Blueprint(PathBuf, Vec<LogMessage>),
    Forget(PathBuf),
}

impl Job {
    fn path<'a>(&'a self, files: &'a Files) -> std::borrow::Cow<'a, Path> {
        match self {
            Self::Settings(_) => files.settings_path().into(),
            Self::Blueprint(path, _) | Self::Forget(path) => path.into(),
        }
    }

    fn run(&self, files: &Files) -> Result<(), String> {
        let path = self.path(files);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        }
        match self {
            Self::Settings(text) => write_text(&path, text).map_err(|error| error.to_string()),
            Self::Blueprint(_, messages) => write_file(&path, messages).map_err(|error| error.to_string()),
            Self::Forget(_) => match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
                _ => Ok(()),
            },
        }
    }
}

/// Writes files on a thread of its own.
pub(super) struct Writer {
    files: Files,
    jobs: Option<Sender<Job>>,
    problems: std::sync::Mutex<Receiver<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(files: Files) -> Self {
        let (jobs, to_do) = mpsc::channel::<Job>();
        let (tell, problems) = mpsc::channel();
        let of_thread = files.clone();
        let run = move || {
            let mut last_problem = String::new();
            while let Ok(job) = to_do.recv() {
                let Err(error) = job.run(&of_thread) else { continue };
                let path = job.path(&of_thread).display().to_string();
                let problem = format!("{path} cannot be written, so that nothing is kept: {error}");
                // A full disk is said once.
                if problem != last_problem {
                    last_problem.clone_from(&problem);
                    let _ = tell.send(problem);
                }
            }
        };
        // Without a thread nothing is kept, and the channel says so by being closed.
        let thread = thread::Builder::new().name("keep".to_owned()).spawn(run).ok();
        Self {
            files,
            jobs: thread.is_some().then_some(jobs),
            problems: std::sync::Mutex::new(problems),
            thread,
        }
    }

    fn add(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(job);
        }
    }

    pub(super) fn write_settings(&self, settings: &KeptSettings) {
        if let Ok(text) = ron::ser::to_string_pretty(settings, ron::ser::PrettyConfig::default()) {
            self.add(Job::Settings(text));
        }
    }

    pub(super) fn write_blueprint(&self, application: &Arc<str>, kept: KeptBlueprint) {
        let store = store_of(application, kept.over);
        let info = StoreInfo {
            source: StoreSource::Viewer,
            ..StoreInfo::new(store.clone())
        };
        let mut messages = vec![LogMessage::StoreInfo(info)];
        messages.extend(kept.chunks.into_iter().map(|chunk| LogMessage::Chunk {
            store: store.clone(),
            chunk: Arc::new(chunk),
        }));
        self.add(Job::Blueprint(self.files.blueprint_path(application), messages));
    }

    pub(super) fn forget_blueprint(&self, application: &str) {
        self.add(Job::Forget(self.files.blueprint_path(application)));
    }

    /// What went wrong since the last call.
    pub(super) fn take_problems(&self) -> Vec<String> {
        let problems = self
            .problems
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        problems.try_iter().collect()
    }

    /// Waits until all is written. Nothing is written after that.
    pub(super) fn finish(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by the hook for them.
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.finish();
    }
}

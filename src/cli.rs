//! The command line.

use std::{fmt, path::PathBuf};

use bevy::log::tracing_subscriber::EnvFilter;
use chronoscope_frame::FileKinds;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub use self::{
    accepted::AcceptedOptions,
    live::{LiveOptions, PortArgument},
};
use crate::limits::machine_bytes;

mod accepted;
mod live;

/// Opens recordings of time-stamped data: point clouds, transforms, images, plots, logs.
///
/// Reads what the Rerun SDKs write, and takes what they send while it runs. Without files it waits for that; `demo` has data.
#[derive(Parser, Debug, Clone, Default)]
#[command(name = "chronoscope", version = VERSION, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// Files to open, several at once.
    #[arg(value_name = "FILES")]
    pub files: Vec<PathBuf>,

    /// Options for opening them.
    #[command(flatten)]
    pub options: Options,

    /// Another command.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What `--version` prints behind the name. An SDK that starts a viewer takes a number in this place for a version of its own
/// viewer, and warns that it is not that of the SDK: what is read is another question here, so none stands there.
const VERSION: &str = concat!("version ", env!("CARGO_PKG_VERSION"));

/// Other commands.
#[derive(Subcommand, Debug, Clone)]
pub enum Command {
    /// Opens the built-in demo recording.
    Demo {
        /// Options for opening it.
        #[command(flatten)]
        options: Options,
    },
}

/// Options for opening a recording.
#[derive(clap::Args, Debug, Clone, Default)]
pub struct Options {
    /// Renders without a display, saves a picture when all is loaded, and exits.
    #[arg(long, value_name = "OUT.png")]
    pub screenshot_to: Option<PathBuf>,

    /// The size of the window or picture in points.
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    pub window_size: Option<(u32, u32)>,

    /// The pixels per point of the picture.
    #[arg(long, value_name = "FACTOR", value_parser = parse_scale, requires = "screenshot_to")]
    pub scale: Option<f32>,

    /// Where to look: the name of a timeline and a time on it, such as `frame=18` or `sim_time=0.9s`.
    #[arg(long, value_name = "TIMELINE=VALUE", value_parser = parse_time)]
    pub time: Option<TimeArgument>,

    /// A blueprint (.ron or .rbl) to use for the recordings that are open: for those of the application that it names, else for all.
    #[arg(long, value_name = "FILE")]
    pub blueprint: Option<PathBuf>,

    /// The most memory to use, such as `4GB`; three quarters of what there is, where it is not given.
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes)]
    pub memory_limit: Option<u64>,

    /// Goes on reading the files as they grow, and stays at the newest data, until the window is closed.
    #[arg(long)]
    pub follow: bool,

    /// Colors: follow the system, dark or light; as in the last run, where it is not given.
    #[arg(long, value_name = "THEME", value_enum)]
    pub theme: Option<ThemeArgument>,

    /// Restores nothing that earlier runs kept (arranged views, theme, panels, recent files), and keeps nothing of this one.
    #[arg(long)]
    pub no_restore: bool,

    /// Prints what the views show, as text that can be compared, when all is loaded, and exits. Needs no display.
    #[arg(long, conflicts_with = "screenshot_to")]
    pub digest: bool,

    /// Prints by what each view shows each entity, and what is wrong there, when all is loaded, and exits: a tab-separated line
    /// with view, entity, visualizer and message. Fails where an error is printed. Needs no display.
    #[arg(long, conflicts_with_all = ["screenshot_to", "digest"])]
    pub report: bool,

    /// Threads for the frame: all cores where it is not given, so many less where it is negative. What is shown does not
    /// depend on it.
    #[arg(short = 'j', long, value_name = "COUNT", value_parser = parse_threads, allow_negative_numbers = true)]
    pub threads: Option<u16>,

    /// How much is drawn for the sake of looks: as the GPU can afford, as on a software driver, or all.
    #[arg(long, value_name = "QUALITY", value_enum, default_value_t)]
    pub quality: QualityArgument,

    /// The GPU to render on: a part of its name, `low-power` or `high-performance`.
    #[arg(long, value_name = "NAME")]
    pub gpu: Option<String>,

    /// How the GPU is talked to, where that is to be another way than the usual one of the system.
    #[arg(long, value_name = "NAME", value_enum)]
    pub renderer: Option<RendererArgument>,

    /// What is logged in addition, such as `info` or `chronoscope_frame=debug`; `RUST_LOG` is read, too.
    #[arg(long, value_name = "DIRECTIVES", value_parser = parse_directives)]
    pub log: Option<String>,

    /// The file that is logged to; with a window, one in the folder for the state of programs, where none is given.
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,

    /// Serves puffin profiles on port 8585.
    #[arg(long)]
    pub profile: bool,

    /// Options for what is sent while the viewer runs.
    #[command(flatten)]
    pub live: LiveOptions,

    /// What the viewer of the SDK takes.
    #[command(flatten)]
    pub accepted: AcceptedOptions,
}

impl Options {
    /// Whether somebody looks at a window; else the program does what it was told, and exits.
    pub fn is_interactive(&self) -> bool {
        self.screenshot_to.is_none() && !self.digest && !self.report
    }

    /// Whether what arrives is passed on to viewers.
    pub fn serves(&self) -> bool {
        self.live.serve || self.accepted.serves()
    }

    /// Whether what arrives is only kept or passed on, and nothing drawn.
    pub fn is_headless(&self) -> bool {
        self.live.save.is_some() || self.serves() || self.live.test_receive
    }

    /// Whether SDKs may connect: where somebody looks at a window, and where an address is given.
    pub fn listens(&self) -> bool {
        let is_asked = self.live.bind.is_some() || self.live.port.is_some();
        !self.live.no_listen && (self.is_interactive() || is_asked)
    }
}

/// The value of `--theme`.
#[derive(clap::ValueEnum, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ThemeArgument {
    /// As the system says.
    #[default]
    System,
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
}

/// The value of `--renderer`.
#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum RendererArgument {
    /// Vulkan.
    Vulkan,
    /// OpenGL.
    Gl,
    /// Metal, on macOS.
    Metal,
    /// `DirectX` 12, on Windows.
    Dx12,
}

impl RendererArgument {
    /// The word for it in the environment.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vulkan => "vulkan",
            Self::Gl => "gl",
            Self::Metal => "metal",
            Self::Dx12 => "dx12",
        }
    }
}

/// The value of `--quality`.
#[derive(clap::ValueEnum, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QualityArgument {
    /// As the GPU can afford.
    #[default]
    Auto,
    /// As on a software driver.
    Cheap,
    /// All.
    Full,
}

impl fmt::Display for TimeArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.timeline, self.time)
    }
}

/// The value of `--time`. What the number means depends on the timeline, which is known once the recording
/// is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeArgument {
    /// The timeline's name.
    pub timeline: String,
    /// The time as it was given.
    pub time: String,
}

impl Cli {
    /// Reads the arguments of the process, and ends it where they are wrong, or only ask for help. The help
    /// lists these kinds of files.
    pub fn of_process(kinds: &FileKinds) -> Self {
        let mut command = Self::command_for(kinds);
        let matches = command.get_matches_mut();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
    }

    /// The command line, with these kinds of files in its help.
    fn command_for(kinds: &FileKinds) -> clap::Command {
        let list: Vec<String> = kinds
            .0
            .iter()
            .map(|kind| {
                let extensions: Vec<String> = kind.extensions.iter().map(|end| format!(".{end}")).collect();
                format!("{} ({})", kind.name, extensions.join(", "))
            })
            .collect();
        let help = format!(
            "Files to open, several at once, also by http:// and https:// links; `-` is the standard input, and a rerun+http:// link shows what another viewer passes on. Each is {}",
            one_of(&list)
        );
        Self::command().mut_arg("files", |files| files.help(help))
    }

    /// The options, wherever they stand.
    pub fn options(&self) -> &Options {
        match &self.command {
            Some(Command::Demo { options }) => options,
            None => &self.options,
        }
    }

    /// Whether to open the built-in demo.
    pub fn is_demo(&self) -> bool {
        matches!(self.command, Some(Command::Demo { .. }))
    }
}

/// Things as a sentence lists them, of which one is meant.
fn one_of(things: &[String]) -> String {
    match things {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// The largest side of a window or picture, which textures can have everywhere.
const MAX_SIDE: u32 = 8192;

fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let (width, height) = text.split_once(['x', 'X']).ok_or("a size looks like 1400x900")?;
    let side = |text: &str| match text.trim().parse::<u32>() {
        Ok(side) if (64..=MAX_SIDE).contains(&side) => Ok(side),
        Ok(side) => Err(format!("{side} is not between 64 and {MAX_SIDE}")),
        Err(_) => Err(format!("{text:?} is not a number of points")),
    };
    Ok((side(width)?, side(height)?))
}

fn parse_scale(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(scale) if (0.5..=4.0).contains(&scale) => Ok(scale),
        _ => Err("a scale lies between 0.5 and 4".to_owned()),
    }
}

/// The timeline and the time in a text like `frame=18`.
pub(crate) fn parse_time(text: &str) -> Result<TimeArgument, String> {
    let (timeline, time) = text.split_once('=').ok_or("a time looks like frame=18")?;
    if timeline.is_empty() || time.is_empty() {
        return Err("a time looks like frame=18".to_owned());
    }
    Ok(TimeArgument {
        timeline: timeline.to_owned(),
        time: time.to_owned(),
    })
}

fn parse_threads(text: &str) -> Result<u16, String> {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as i64);
    match text.parse::<i64>() {
        Ok(count @ 1..=1024) => Ok(count as u16),
        Ok(fewer @ -1024..=0) => Ok((cores + fewer).clamp(1, 1024) as u16),
        _ => Err("a number of threads lies between -1024 and 1024".to_owned()),
    }
}

fn parse_directives(text: &str) -> Result<String, String> {
    match EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!(
            "{error}; directives look like info,chronoscope_frame=debug"
        )),
    }
}

fn parse_bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    if let Some(percent) = text.strip_suffix('%') {
        return match percent.trim().parse::<f64>() {
            Ok(percent) if percent > 0.0 && percent <= 100.0 => {
                Ok((machine_bytes() as f64 * percent / 100.0) as u64)
            }
            _ => Err("a share of the machine's memory lies between 0 % and 100 %".to_owned()),
        };
    }
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let factor: f64 = match text[digits.len()..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        unit => return Err(format!("unknown unit {unit:?}")),
    };
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok((number * factor) as u64),
        _ => Err("a size looks like 4GB".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments() {
        let cli = Cli::try_parse_from([
            "chronoscope",
            "a.rrd",
            "b.rbl",
            "--time",
            "frame=18",
            "--window-size",
            "1400x900",
        ]);
        let cli = cli.unwrap_or_default();
        assert_eq!(cli.files.len(), 2);
        assert!(!cli.is_demo());
        assert_eq!(cli.options().window_size, Some((1400, 900)));
        assert_eq!(
            cli.options().time,
            Some(TimeArgument {
                timeline: "frame".into(),
                time: "18".into()
            })
        );

        let demo =
            Cli::try_parse_from(["chronoscope", "demo", "--screenshot-to", "x.png"]).unwrap_or_default();
        assert!(demo.is_demo() && demo.options().screenshot_to.is_some());
        assert!(!Cli::try_parse_from(["chronoscope"]).unwrap_or_default().is_demo());
    }

    #[test]
    fn sdks_take_the_version_for_none_of_theirs() {
        let printed = Cli::command().render_version();
        let mut words = printed.split_whitespace();
        assert_eq!(words.next(), Some("chronoscope"));
        assert!(
            words
                .next()
                .is_some_and(|second| !second.starts_with(|c: char| c.is_ascii_digit()))
        );
        assert_eq!(words.next(), Some(env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn the_help_lists_the_kinds_of_files() {
        let kind = |name: &str, extensions: &[&str]| chronoscope_frame::FileKind {
            name: name.to_owned(),
            extensions: extensions.iter().map(ToString::to_string).collect(),
        };
        let kinds = FileKinds(vec![kind("a picture", &["png", "jpg"]), kind("a song", &["ogg"])]);
        let help = Cli::command_for(&kinds).term_width(0).render_help().to_string();
        let expected = "Each is a picture (.png, .jpg) or a song (.ogg)";
        assert!(help.contains(expected), "{help}");
    }

    #[test]
    fn bad_values_are_refused() {
        for size in ["", "12", "0x10", "100000x100", "axb", "-5x300"] {
            assert!(parse_size(size).is_err(), "{size}");
        }
        assert!(parse_time("frame").is_err() && parse_time("=3").is_err() && parse_time("frame=").is_err());
        assert_eq!(parse_bytes("4GB"), Ok(4_000_000_000));
        assert_eq!(parse_bytes("1.5 MiB"), Ok(1_572_864));
        assert!(parse_directives("info,chronoscope_frame=debug").is_ok());
        assert!(parse_directives("chronoscope=loud").is_err());
        assert_eq!(parse_threads("3"), Ok(3));
        assert_eq!(parse_threads("-1000"), Ok(1));
        assert!(parse_threads("0").is_ok_and(|cores| cores >= 1));
        assert!(parse_threads("1025").is_err() && parse_threads("many").is_err());
        let cli = Cli::try_parse_from(["chronoscope", "-j", "-2"]).unwrap_or_default();
        assert!(cli.options().threads.is_some());
        assert!(parse_bytes("0%").is_err() && parse_bytes("101%").is_err() && parse_bytes("%").is_err());
        assert!(
            parse_bytes("lots").is_err() && parse_bytes("-1").is_err() && parse_bytes("3 apples").is_err()
        );
    }
}

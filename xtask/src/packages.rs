//! The system packages that the viewer needs to be built and to run.
//!
//! Nothing is linked: the Vulkan loader, X11 and Wayland are opened at run time. So what is looked for is the file that
//! will be opened, wherever it came from, and package names matter only for what is missing.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the machine is prepared for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To build, and to render without a window: tests and pictures.
    Offscreen,
    /// To open a window on an X server as well.
    X11Window,
    /// To open a window on a Wayland compositor as well.
    WaylandWindow,
    /// All of it.
    Everything,
}

/// Installs what `purpose` lacks where it is known how, and otherwise says what to do. Silent where nothing is missing.
/// Returns whether nothing is missing in the end: most commands go on in any case, since what fails then says so itself.
pub(crate) fn ensure(purpose: Purpose) -> bool {
    let missing = missing(purpose, &Machine);
    if missing.is_empty() {
        return true;
    }
    let what: Vec<&str> = missing.iter().map(|need| need.what).collect();
    eprintln!("Missing on this machine: {}.", what.join(", "));

    let distribution = Distribution::detect();
    let packages = distribution.packages(&missing);
    if distribution == Distribution::Debian && apt_install(&packages) {
        let still = self::missing(purpose, &Machine);
        if still.is_empty() {
            return true;
        }
        let what: Vec<&str> = still.iter().map(|need| need.what).collect();
        eprintln!(
            "Still missing after the installation: {}. Going on without.",
            what.join(", ")
        );
        return false;
    }
    match distribution.install_command(&packages) {
        Some(command) => eprintln!("Please run: {command}\nGoing on without."),
        None => eprintln!("Please install them by the means of this system. Going on without."),
    }
    false
}

/// One thing that has to be there.
#[derive(Debug, PartialEq, Eq)]
struct Need {
    /// In words, for people.
    what: &'static str,
    /// Whom it serves.
    part: Part,
    probe: Probe,
    /// Package names by distribution; empty where the system brings it.
    debian: &'static [&'static str],
    fedora: &'static [&'static str],
    arch: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Build,
    Render,
    AnyWindow,
    X11,
    Wayland,
}

/// How to tell that it is there.
#[derive(Debug, PartialEq, Eq)]
enum Probe {
    /// A program in the path, any of these.
    Program(&'static [&'static str]),
    /// A shared library by the name that it is opened by.
    Library(&'static str),
    /// A Vulkan driver, of a graphics card or in software.
    VulkanDriver,
}

const NEEDS: [Need; 9] = [
    Need {
        what: "a C compiler",
        part: Part::Build,
        probe: Probe::Program(&["cc", "gcc", "clang"]),
        debian: &["gcc", "libc6-dev"],
        fedora: &["gcc"],
        arch: &["gcc"],
    },
    Need {
        what: "the Vulkan loader",
        part: Part::Render,
        probe: Probe::Library("libvulkan.so.1"),
        debian: &["libvulkan1"],
        fedora: &["vulkan-loader"],
        arch: &["vulkan-icd-loader"],
    },
    Need {
        what: "a Vulkan driver",
        part: Part::Render,
        probe: Probe::VulkanDriver,
        debian: &["mesa-vulkan-drivers"],
        fedora: &["mesa-vulkan-drivers"],
        arch: &["vulkan-swrast"],
    },
    Need {
        what: "keyboard layouts (xkbcommon)",
        part: Part::AnyWindow,
        probe: Probe::Library("libxkbcommon.so.0"),
        debian: &["libxkbcommon0"],
        fedora: &["libxkbcommon"],
        arch: &["libxkbcommon"],
    },
    Need {
        what: "keyboard layouts for X11",
        part: Part::X11,
        probe: Probe::Library("libxkbcommon-x11.so.0"),
        debian: &["libxkbcommon-x11-0"],
        fedora: &["libxkbcommon-x11"],
        arch: &["libxkbcommon-x11"],
    },
    Need {
        what: "the X11 client library",
        part: Part::X11,
        probe: Probe::Library("libX11-xcb.so.1"),
        debian: &["libx11-6", "libx11-xcb1"],
        fedora: &["libX11", "libX11-xcb"],
        arch: &["libx11"],
    },
    Need {
        what: "X11 cursors",
        part: Part::X11,
        probe: Probe::Library("libXcursor.so.1"),
        debian: &["libxcursor1"],
        fedora: &["libXcursor"],
        arch: &["libxcursor"],
    },
    Need {
        what: "X11 input",
        part: Part::X11,
        probe: Probe::Library("libXi.so.6"),
        debian: &["libxi6"],
        fedora: &["libXi"],
        arch: &["libxi"],
    },
    Need {
        what: "the Wayland client library",
        part: Part::Wayland,
        probe: Probe::Library("libwayland-client.so.0"),
        debian: &["libwayland-client0"],
        fedora: &["libwayland-client"],
        arch: &["wayland"],
    },
];

impl Purpose {
    fn includes(self, part: Part) -> bool {
        match part {
            Part::Build | Part::Render => true,
            Part::AnyWindow => self != Self::Offscreen,
            Part::X11 => matches!(self, Self::X11Window | Self::Everything),
            Part::Wayland => matches!(self, Self::WaylandWindow | Self::Everything),
        }
    }
}

/// The needs of `purpose` that `machine` does not meet, in the order of [`NEEDS`].
fn missing(purpose: Purpose, machine: &impl Inventory) -> Vec<&'static Need> {
    let needed = |need: &&'static Need| machine.wants(need.part) && purpose.includes(need.part);
    NEEDS
        .iter()
        .filter(needed)
        .filter(|need| !machine.has(&need.probe))
        .collect()
}

/// What a machine has.
trait Inventory {
    /// Whether this part is a matter of packages there at all.
    fn wants(&self, part: Part) -> bool;
    fn has(&self, probe: &Probe) -> bool;
}

/// The machine that we run on.
struct Machine;

impl Inventory for Machine {
    fn wants(&self, part: Part) -> bool {
        // Other systems bring graphics and windows themselves, and on Windows Rust brings its own means to link.
        part == Part::Build && cfg!(unix) || cfg!(target_os = "linux")
    }

    fn has(&self, probe: &Probe) -> bool {
        match probe {
            Probe::Program(names) => names.iter().any(|name| find_program(name).is_some()),
            Probe::Library(name) => library_folders().iter().any(|folder| folder.join(name).exists()),
            Probe::VulkanDriver => has_vulkan_driver(),
        }
    }
}

/// Whose package names apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Distribution {
    Debian,
    Fedora,
    Arch,
    MacOs,
    Other,
}

impl Distribution {
    fn detect() -> Self {
        if cfg!(target_os = "macos") {
            return Self::MacOs;
        }
        ["/etc/os-release", "/usr/lib/os-release"]
            .iter()
            .find_map(|path| std::fs::read_to_string(path).ok())
            .map_or(Self::Other, |text| Self::from_os_release(&text))
    }

    /// Reads `ID`, then `ID_LIKE`, from the text of an `os-release` file.
    fn from_os_release(text: &str) -> Self {
        let value = |key: &str| {
            let line = text
                .lines()
                .map(str::trim)
                .rfind(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with('=')))?;
            let (_, value) = line.split_once('=')?;
            Some(value.trim_matches(['"', '\'']))
        };
        let names = [value("ID"), value("ID_LIKE")]
            .into_iter()
            .flatten()
            .flat_map(str::split_whitespace);
        for name in names {
            match name {
                "debian" | "ubuntu" => return Self::Debian,
                "fedora" | "rhel" | "centos" => return Self::Fedora,
                "arch" | "archlinux" => return Self::Arch,
                _ => {}
            }
        }
        Self::Other
    }

    /// The packages that meet `needs`, each once, ordered by name.
    fn packages(self, needs: &[&Need]) -> Vec<&'static str> {
        let packages: BTreeSet<&'static str> = needs
            .iter()
            .flat_map(|need| match self {
                Self::Debian => need.debian,
                Self::Fedora => need.fedora,
                Self::Arch => need.arch,
                Self::MacOs | Self::Other => &[],
            })
            .copied()
            .collect();
        packages.into_iter().collect()
    }

    /// What somebody who may install packages would type.
    fn install_command(self, packages: &[&str]) -> Option<String> {
        let packages = packages.join(" ");
        match self {
            Self::Debian => Some(format!("sudo apt-get install {packages}")),
            Self::Fedora => Some(format!("sudo dnf install {packages}")),
            Self::Arch => Some(format!("sudo pacman -S {packages}")),
            Self::MacOs => Some("xcode-select --install".to_owned()),
            Self::Other => None,
        }
    }
}

/// Installs `packages`, having said so. Returns whether apt-get did it.
///
/// The package lists may be absent, as in container images, or too old: they are fetched in the first case, and in the
/// second where the installation fails.
fn apt_install(packages: &[&str]) -> bool {
    let Some(privilege) = Privilege::detect() else {
        eprintln!("They cannot be installed from here: this is not root, and sudo is not available.");
        return false;
    };
    eprintln!("Installing them: apt-get install {}", packages.join(" "));
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(packages);

    let has_lists = folder_contains("/var/lib/apt/lists", |name| name.contains("_Packages"));
    if !has_lists && !privilege.apt_get(&["update"]) {
        eprintln!("apt-get update failed; trying with what is there.");
    }
    if privilege.apt_get(&install) {
        return true;
    }
    has_lists && privilege.apt_get(&["update"]) && privilege.apt_get(&install)
}

/// How we may change the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Privilege {
    Root,
    /// May ask for a password where somebody is there to type it.
    Sudo {
        interactive: bool,
    },
}

impl Privilege {
    fn detect() -> Option<Self> {
        let user = Command::new("id").arg("-u").output().ok()?;
        if user.stdout.trim_ascii() == b"0" {
            return Some(Self::Root);
        }
        let interactive = std::io::stdin().is_terminal();
        find_program("sudo").map(|_| Self::Sudo { interactive })
    }

    /// The program and its first arguments, up to those of apt-get.
    fn apt_get_words(self) -> Vec<&'static str> {
        // By `env`, since sudo drops variables.
        let apt_get = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"];
        let sudo: &[&str] = match self {
            Self::Root => &[],
            Self::Sudo { interactive: true } => &["sudo"],
            Self::Sudo { interactive: false } => &["sudo", "--non-interactive"],
        };
        [sudo, &apt_get].concat()
    }

    /// Runs apt-get. Its chatter goes to standard error, so that standard output stays ours.
    fn apt_get(self, args: &[&str]) -> bool {
        let words = self.apt_get_words();
        let Some((program, rest)) = words.split_first() else {
            return false;
        };
        let status = Command::new(program)
            .args(rest)
            .args(args)
            .stdin(if std::io::stdin().is_terminal() {
                Stdio::inherit()
            } else {
                Stdio::null()
            })
            .stdout(std::io::stderr())
            .status();
        match status {
            Ok(status) => status.success(),
            Err(error) => {
                eprintln!("{program} cannot be started: {error}");
                false
            }
        }
    }
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Where the dynamic linker of the known distributions looks.
fn library_folders() -> Vec<PathBuf> {
    let architecture = std::env::consts::ARCH;
    let mut folders: Vec<PathBuf> = std::env::var_os("LD_LIBRARY_PATH")
        .map(|paths| {
            std::env::split_paths(&paths)
                .filter(|path| !path.as_os_str().is_empty())
                .collect()
        })
        .unwrap_or_default();
    folders.extend(["/usr/lib64", "/usr/lib", "/lib64", "/lib", "/usr/local/lib"].map(PathBuf::from));
    // 32-bit ARM has its own spelling, which depends on the floating point convention.
    let triples = [
        format!("{architecture}-linux-gnu"),
        format!("{architecture}-linux-gnueabihf"),
    ];
    for triple in triples {
        folders.push(Path::new("/usr/lib").join(&triple));
        folders.push(Path::new("/lib").join(&triple));
        folders.push(Path::new("/usr/local/lib").join(&triple));
    }
    folders
}

fn has_vulkan_driver() -> bool {
    let is_set =
        |name: &str| std::env::var_os(name).is_some_and(|value: std::ffi::OsString| !value.is_empty());
    // Whoever names the drivers by hand knows what is there.
    is_set("VK_DRIVER_FILES")
        || is_set("VK_ICD_FILENAMES")
        || [
            "/usr/share/vulkan/icd.d",
            "/etc/vulkan/icd.d",
            "/usr/local/share/vulkan/icd.d",
        ]
        .iter()
        .any(|folder| folder_contains(folder, |name| name.ends_with(".json")))
}

fn folder_contains(folder: impl AsRef<Path>, predicate: impl Fn(&str) -> bool) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| {
        entries.any(|entry| {
            entry.is_ok_and(|entry| entry.file_name().as_os_str().to_str().is_some_and(&predicate))
        })
    })
}

#[cfg(test)]
mod tests;

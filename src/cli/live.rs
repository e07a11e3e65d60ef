//! The options for what is sent while the viewer runs.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use chronoscope_live::DEFAULT_PORT;

use super::parse_bytes;

/// Options for what is sent while the viewer runs.
#[derive(clap::Args, Debug, Clone, Default)]
pub struct LiveOptions {
    /// The address that SDKs can connect to. By default they can on this machine alone; `0.0.0.0` and `::` let in whoever
    /// reaches it.
    #[arg(long, value_name = "ADDRESS")]
    pub bind: Option<IpAddr>,

    /// The port that SDKs connect to: 9876 where it is not given, and with `--connect` any that is free; `auto` for any that is free.
    #[arg(long, value_name = "PORT", value_parser = parse_port)]
    pub port: Option<PortArgument>,

    /// Lets no SDK connect.
    #[arg(long, conflicts_with_all = ["bind", "port"])]
    pub no_listen: bool,

    /// Shows what another viewer or a relay passes on: one on this machine, by its port or none, or elsewhere, by its link,
    /// such as `rerun+http://robot:9876/proxy`. Links may stand among the files, too.
    #[arg(long, value_name = "LINK", num_args = 0..=1, default_missing_value = "9876")]
    pub connect: Option<String>,

    /// Opens the files here, and on a port that is free, even if another viewer runs. Without, they are opened there.
    #[arg(long, conflicts_with = "no_listen")]
    pub new: bool,

    /// Writes what arrives to a recording, without a window, until SIGINT or SIGTERM. A file of this name is replaced.
    #[arg(long, value_name = "FILE.rrd", conflicts_with_all = ["screenshot_to", "digest", "report"])]
    pub save: Option<PathBuf>,

    /// Passes what arrives on to viewers, those that come late too, without a window, until SIGINT or SIGTERM.
    #[arg(long, aliases = ["serve-grpc", "headless"], conflicts_with_all = ["screenshot_to", "digest", "report"])]
    pub serve: bool,

    /// The most memory that `--serve` keeps for viewers that come late, such as `4GB`; 8 MiB where it is less.
    #[arg(long, value_name = "SIZE", value_parser = parse_relay_bytes, default_value = "1GiB")]
    pub server_memory_limit: u64,

    /// With `--serve`, viewers that come late are given the newest data first.
    #[arg(long)]
    pub newest_first: bool,

    /// Takes what one sender sends, without a window, and exits; fails where nothing comes within some seconds, or the sender breaks off.
    #[arg(long, conflicts_with_all = ["screenshot_to", "digest", "report", "save", "serve", "no_listen"])]
    pub test_receive: bool,
}

/// The least that `--serve` keeps: viewers that are there are given what passes from it, too.
const LEAST_RELAY_BYTES: u64 = 8 << 20;

impl LiveOptions {
    /// The address to listen on; port 0 is any that is free.
    pub fn address(&self) -> SocketAddr {
        let port = match self.port {
            // The one that is connected to may have the usual one, or come to have it.
            None if self.new || self.connect.is_some() => 0,
            None => DEFAULT_PORT,
            Some(PortArgument::Number(port)) => port,
            Some(PortArgument::Auto) => 0,
        };
        SocketAddr::new(self.bind.unwrap_or(Ipv4Addr::LOCALHOST.into()), port)
    }
}

fn parse_relay_bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%' || c == ' ');
    let bytes = match digits.trim().parse::<f64>() {
        // Nothing for viewers that come late.
        Ok(0.0) => 0,
        _ => parse_bytes(text)?,
    };
    Ok(bytes.max(LEAST_RELAY_BYTES))
}

/// The value of `--port`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortArgument {
    /// This one.
    Number(u16),
    /// Any that is free.
    Auto,
}

fn parse_port(text: &str) -> Result<PortArgument, String> {
    match text.parse() {
        Ok(0) => Err("a port lies between 1 and 65535; `auto` is any that is free".to_owned()),
        Ok(port) => Ok(PortArgument::Number(port)),
        Err(_) if text == "auto" => Ok(PortArgument::Auto),
        Err(_) => Err(format!(
            "{text:?} is not a port; one looks like 9876, or is `auto`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::Cli;
    use crate::limits::machine_bytes;

    #[test]
    fn what_is_listened_on() {
        let of = |arguments: &[&str]| {
            let arguments = ["chronoscope"].iter().chain(arguments);
            let cli = Cli::try_parse_from(arguments).map_err(|error| error.to_string());
            cli.map(|cli| {
                cli.options()
                    .listens()
                    .then(|| cli.options().live.address().to_string())
            })
        };
        let check = |arguments: &[&str], expected: Option<&str>| {
            let listened = of(arguments).unwrap_or_else(Some);
            assert_eq!(listened.as_deref(), expected, "{arguments:?}");
        };
        check(&[], Some("127.0.0.1:9876"));
        check(&["demo"], Some("127.0.0.1:9876"));
        check(&["--port", "auto"], Some("127.0.0.1:0"));
        check(&["--bind", "::", "--port", "1234"], Some("[::]:1234"));
        check(&["--no-listen"], None);
        // What is connected to may be on this machine.
        check(&["--connect"], Some("127.0.0.1:0"));
        check(
            &["--connect", "rerun+http://robot:9876/proxy"],
            Some("127.0.0.1:0"),
        );
        check(&["--connect", "--port=1234"], Some("127.0.0.1:1234"));
        check(&["--test-receive"], Some("127.0.0.1:9876"));
        for quiet in [&["--report"][..], &["--digest"], &["--screenshot-to", "x.png"]] {
            check(quiet, None);
            check(&[quiet, &["--port=auto"]].concat(), Some("127.0.0.1:0"));
        }
        for wrong in ["0", "-1", "70000", "any"] {
            assert!(of(&[&format!("--port={wrong}")]).is_err(), "{wrong}");
        }
        assert!(of(&["--no-listen", "--port=1"]).is_err());
    }

    #[test]
    fn what_sdks_pass_to_a_viewer_that_they_start_is_taken() {
        let arguments = [
            "chronoscope",
            "--port=9899",
            "--memory-limit=75%",
            "--server-memory-limit=1GiB",
            "--expect-data-soon",
            "--hide-welcome-screen",
            "--detach-process",
            "--persist-state",
        ];
        let cli = Cli::try_parse_from(arguments).unwrap_or_default();
        assert_eq!(cli.options().live.address().port(), 9899);
        let limit = cli.options().memory_limit.unwrap_or(0);
        assert!(limit > 1 << 20 && limit < machine_bytes(), "{limit}");
        assert_eq!(cli.options().live.server_memory_limit, 1 << 30);
        // Without a window, what is sent is there for viewers that connect.
        let cli = Cli::try_parse_from(["chronoscope", "--port=9899", "--headless"]).unwrap_or_default();
        assert!(cli.options().live.serve && cli.options().is_headless());
    }

    /// All that the viewer of the SDK takes, but for what it does beside viewing.
    #[test]
    fn flags_of_the_viewer_of_the_sdk_are_taken() {
        let words_of = |arguments: &[&str]| {
            let arguments = ["chronoscope"].iter().chain(arguments);
            let cli = Cli::try_parse_from(arguments).map_err(|error| error.to_string());
            cli.map(|cli| cli.options().accepted.words())
        };
        let silent: &[&[&str]] = &[
            &["--bind", "::"],
            &["--memory-limit", "16GB"],
            &["--memory-limit=50%"],
            &["--server-memory-limit", "16GB"],
            &["--server-memory-limit=0B"],
            &["--server-memory-limit=50%"],
            &["--newest-first"],
            &["--persist-state"],
            &["--port", "9000"],
            &["--port", "auto"],
            &["--new"],
            &["--profile"],
            &["--save", "x.rrd"],
            &["--screenshot-to", "x.png", "--window-size", "1920x1080"],
            &["--serve-grpc"],
            &["--connect"],
            &["--connect", "9900"],
            &["--expect-data-soon", "--hide-welcome-screen", "--detach-process"],
            &["-j", "-2"],
            &["--threads", "0"],
            &["--headless"],
            &["--renderer", "vulkan"],
            &["--renderer=gl"],
            &["--renderer=metal"],
            &["--video-decoder", "auto"],
            &["--video-decoder=prefer_software"],
            &["--video-decoder=prefer_hardware"],
            &["--test-receive"],
        ];
        for arguments in silent {
            assert_eq!(words_of(arguments), Ok(vec![]), "{arguments:?}");
        }
        let with_a_word: &[(&[&str], &str)] = &[
            (&["--serve-web"], "as by --serve"),
            (&["--web-viewer", "a.rrd"], "has a window"),
            (&["--serve-web", "--web-viewer"], "has a window"),
            (&["--web-viewer-port", "9090"], "no viewer for browsers"),
            (&["--cors-allow-origin", "https://*.example.com"], "not let in"),
        ];
        for (arguments, expected) in with_a_word {
            let words = words_of(arguments).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
            assert!(words.len() == 1 && words[0].contains(expected), "{words:?}");
        }
        for wrong in ["--renderer=paper", "--video-decoder=hope", "--web-viewer-port=x"] {
            assert!(words_of(&[wrong]).is_err(), "{wrong}");
        }
        let is_headless = |argument: &str| {
            let cli = Cli::try_parse_from(["chronoscope", argument]).unwrap_or_default();
            cli.options().is_headless()
        };
        assert!(is_headless("--serve-web") && is_headless("--serve-grpc") && is_headless("--test-receive"));
        assert!(!is_headless("--web-viewer"));
    }

    #[test]
    fn a_relay_that_is_to_keep_nothing_still_passes_on() {
        let bytes = |text: &str| super::parse_relay_bytes(text);
        for little in ["0", "0B", "0 MiB", "0%", "10kB"] {
            assert_eq!(bytes(little), Ok(super::LEAST_RELAY_BYTES), "{little}");
        }
        assert_eq!(bytes("2GiB"), Ok(2 << 30));
        assert!(bytes("").is_err() && bytes("-1").is_err() && bytes("little").is_err());
    }
}

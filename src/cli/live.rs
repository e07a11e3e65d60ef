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

    /// The port that SDKs connect to: 9876 where it is not given, `auto` for any that is free.
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

    /// The most memory that `--serve` keeps for viewers that come late, such as `4GB`.
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, default_value = "1GiB")]
    pub server_memory_limit: u64,

    /// With `--serve`, viewers that come late are given the newest data first.
    #[arg(long)]
    pub newest_first: bool,

    /// What SDKs pass to a viewer that they start; nothing here depends on it.
    #[arg(long, hide = true)]
    pub expect_data_soon: bool,

    /// Likewise.
    #[arg(long, hide = true)]
    pub hide_welcome_screen: bool,

    /// Likewise.
    #[arg(long, hide = true)]
    pub detach_process: bool,

    /// What scripts pass to the viewer of the SDK: here it is the default, and `--no-restore` the other way.
    #[arg(long, hide = true, conflicts_with = "no_restore")]
    pub persist_state: bool,
}

impl LiveOptions {
    /// The address to listen on; port 0 is any that is free.
    pub fn address(&self) -> SocketAddr {
        let port = match self.port {
            None if self.new => 0,
            None => DEFAULT_PORT,
            Some(PortArgument::Number(port)) => port,
            Some(PortArgument::Auto) => 0,
        };
        SocketAddr::new(self.bind.unwrap_or(Ipv4Addr::LOCALHOST.into()), port)
    }
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
}

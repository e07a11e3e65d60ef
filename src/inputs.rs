//! What a command line names: files, links to what other viewers pass on, the standard input.

use std::path::PathBuf;

use chronoscope_io::{LoadSettings, SourceHandle, open_files, open_stream};
use chronoscope_live::{Link, LinkError, LiveRuntime, connect};

use crate::{cli::Cli, live::waiting};

/// What a command line names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Files, in their order.
    pub files: Vec<PathBuf>,
    /// Links, in their order.
    pub links: Vec<Link>,
    /// Whether the standard input is read.
    pub stdin: bool,
}

/// What a user calls the standard input, and what it is called.
const STDIN: (&str, &str) = ("-", "standard input");

impl Inputs {
    /// What a command line names.
    ///
    /// # Errors
    /// Where a link is none.
    pub fn of(cli: &Cli) -> Result<Self, LinkError> {
        let mut inputs = Self::default();
        if let Some(link) = &cli.options().live.connect {
            inputs.links.push(Link::parse(link)?);
        }
        for path in &cli.files {
            match path.to_str() {
                Some(text) if text == STDIN.0 => inputs.stdin = true,
                Some(text) if Link::is_link(text) => inputs.links.push(Link::parse(text)?),
                _ => inputs.files.push(path.clone()),
            }
        }
        Ok(inputs)
    }

    /// Opens the standard input, where it is named.
    pub fn open_stdin(&self, settings: &LoadSettings) -> Option<SourceHandle> {
        self.stdin
            .then(|| open_stream(STDIN.1, std::io::stdin(), settings))
    }

    /// Opens all.
    pub(crate) fn open(&self, settings: &LoadSettings, runtime: &LiveRuntime) -> Vec<SourceHandle> {
        let mut handles = open_files(&self.files, settings);
        handles.extend(self.open_stdin(settings));
        handles.extend(self.links.iter().map(|link| connect(runtime, link, waiting())));
        handles
    }

    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn inputs(arguments: &[&str]) -> Result<Inputs, LinkError> {
        let arguments = ["chronoscope"].iter().chain(arguments);
        Inputs::of(&Cli::try_parse_from(arguments).unwrap_or_default())
    }

    #[test]
    fn files_links_and_the_standard_input_are_told_apart() {
        let link = "rerun+http://robot:1234/proxy";
        let expected = Inputs {
            files: vec!["a.rrd".into(), "b.png".into()],
            links: vec![Link::default(), Link::parse(link).unwrap_or_default()],
            stdin: true,
        };
        assert_eq!(inputs(&["a.rrd", link, "-", "b.png", "--connect"]), Ok(expected));
        let elsewhere = inputs(&["--connect", "9900"]).map(|inputs| inputs.links);
        assert_eq!(elsewhere, Ok(vec![Link::local(9900)]));
        assert!(inputs(&[]).is_ok_and(|inputs| inputs.is_empty()));
        assert!(inputs(&["--connect", "nowhere at all"]).is_err() && inputs(&["rerun+http://x/y"]).is_err());
    }
}

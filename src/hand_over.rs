//! Where a viewer listens as it starts. One that runs already takes the files of another start: it reads those of its own machine itself,
//! and what it does not see is sent.

use std::{net::SocketAddr, path::Path};

use chronoscope_io::{LoadEvent, LoadSettings, SourceHandle, open_files};
use chronoscope_live::{
    Bytes, HandOver, Link, LiveError, LiveRuntime, NamedFile, NamedFiles, Server, ServerSettings, envelope,
    name_files, probe,
};
use chronoscope_types::format_bytes;

use crate::{
    cli::{Cli, TimeArgument},
    inputs::Inputs,
    live::{local_link, start_server},
    sources::FileSettings,
};

/// Where SDKs can connect, if they can.
#[derive(Debug)]
pub enum Listening {
    /// At the address of a service.
    At(Server),
    /// Nowhere.
    Nowhere,
    /// Another viewer has what was to be opened.
    HandedOver,
}

/// Lets SDKs connect. If another viewer listens already, it is given the files that are named, unless a new viewer was asked
/// for. Otherwise a port that cannot be opened is replaced by a free one, and if there is none this viewer does not listen.
pub fn listen(cli: &Cli, inputs: &Inputs, runtime: &LiveRuntime) -> Listening {
    let options = cli.options();
    if !options.listens() {
        return Listening::Nowhere;
    }
    let mut settings = ServerSettings {
        address: options.live.address(),
        // Who looks at a window sees what was opened.
        opens_files: options.is_interactive(),
        ..ServerSettings::default()
    };
    let error = match start_server(runtime, &settings) {
        Ok(server) => return Listening::At(server),
        Err(error) => error,
    };
    let is_for_another =
        inputs.links.is_empty() && !cli.is_demo() && !options.live.new && options.is_interactive();
    if error.is_address_in_use() && is_for_another {
        let wanted = Wanted {
            inputs,
            blueprint: options.blueprint.as_deref(),
            time: options.time.as_ref(),
            follow: options.follow,
        };
        match hand_over(runtime, settings.address, wanted, &FileSettings::default().0) {
            Ok(link) => {
                let what = if inputs.is_empty() {
                    "there is a viewer"
                } else {
                    "opened in the viewer"
                };
                eprintln!("chronoscope: {what} at {link}; --new starts another");
                return Listening::HandedOver;
            }
            Err(not_there) => eprintln!("warning: {error}, by something that is no viewer: {not_there}"),
        }
    } else {
        eprintln!("warning: {error}");
    }
    settings.address.set_port(0);
    match start_server(runtime, &settings) {
        Ok(server) => Listening::At(server),
        Err(error) => {
            eprintln!("warning: no SDK can connect: {error}");
            Listening::Nowhere
        }
    }
}

/// What a command line asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// What it names.
    pub inputs: &'a Inputs,
    /// The blueprint for that.
    pub blueprint: Option<&'a Path>,
    /// Where to look.
    pub time: Option<&'a TimeArgument>,
    /// Whether to go on reading the files as they grow.
    pub follow: bool,
}

impl Wanted<'_> {
    /// The names of the files, where the other viewer can read all of them itself.
    fn named(&self) -> Option<NamedFiles> {
        if self.inputs.stdin {
            return None;
        }
        let files = self.inputs.files.iter().map(|path| NamedFile::of(path));
        Some(NamedFiles {
            files: files.collect::<Result<_, _>>().ok()?,
            blueprint: self.blueprint.map(NamedFile::of).transpose().ok()?,
            time: self.time.map(ToString::to_string),
            follow: self.follow,
        })
    }
}

/// Gives what is named to the viewer at an address, and returns once it has taken all of it: files by their names, or as they are read where
/// it does not read them itself.
///
/// # Errors
/// If nothing listens there, or what does is not a viewer.
pub fn hand_over(
    runtime: &LiveRuntime,
    address: SocketAddr,
    wanted: Wanted<'_>,
    settings: &LoadSettings,
) -> Result<Link, LiveError> {
    let Wanted {
        inputs,
        blueprint,
        time,
        follow,
    } = wanted;
    let link = local_link(address);
    // It says whether a viewer is there, before a file is read.
    probe(runtime, &link)?;
    if !inputs.files.is_empty() || inputs.stdin || blueprint.is_some() {
        if let Some(named) = wanted.named() {
            match name_files(runtime, &link, &named) {
                Ok(()) => return Ok(link),
                Err(LiveError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let files = inputs.files.iter().filter_map(|path| path.metadata().ok());
        let num_bytes: u64 = files.map(|file| file.len()).sum();
        if num_bytes >= settings.index_from_bytes {
            let size = format_bytes(num_bytes);
            eprintln!("warning: {size} are sent to the viewer at {link}, which keeps all of it in memory");
        }
        if follow {
            eprintln!(
                "warning: the viewer at {link} gets the files as they are now, and does not follow them"
            );
        }
        let settings = LoadSettings {
            // What is only known cannot be sent.
            index_from_bytes: u64::MAX,
            ..settings.clone()
        };
        let mut handles = open_files(&inputs.files, &settings);
        handles.extend(inputs.open_stdin(&settings));
        // What it is for has to be there before it.
        handles.extend(open_files(blueprint, &settings));
        let messages = handles.into_iter().flat_map(messages_of);
        let hand_over = HandOver {
            time: time.map(ToString::to_string),
        };
        chronoscope_live::hand_over(runtime, &link, &hand_over, messages)?;
    }
    Ok(link)
}

/// The messages of a file as they are sent. What is wrong with it is said here, since the other viewer cannot know.
fn messages_of(handle: SourceHandle) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || handle.recv()).filter_map(|event| match event {
        LoadEvent::Message(message) => match envelope(&message) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                eprintln!("warning: a message cannot be sent: {error}");
                None
            }
        },
        LoadEvent::Report(report) => {
            eprintln!("warning: {report}");
            None
        }
        LoadEvent::Started { .. } | LoadEvent::Progress { .. } | LoadEvent::Finished { .. } => None,
    })
}

//! Flags that scripts pass to the viewer of the SDK, and that mean little or nothing here.

/// What is taken so that such scripts go on, and what is said of it.
#[derive(clap::Args, Debug, Clone, Default)]
pub struct AcceptedOptions {
    /// Video is not decoded yet.
    #[arg(long, hide = true, value_parser = ["auto", "prefer_software", "prefer_hardware"])]
    pub video_decoder: Option<String>,

    /// Pages in a browser are not let in.
    #[arg(long, hide = true)]
    pub cors_allow_origin: Vec<String>,

    /// As `--serve`: there is no viewer for browsers.
    #[arg(long, hide = true, conflicts_with_all = ["screenshot_to", "digest", "report"])]
    pub serve_web: bool,

    /// A window: there is no viewer for browsers.
    #[arg(long, hide = true)]
    pub web_viewer: bool,

    /// Nothing: there is no viewer for browsers.
    #[arg(long, hide = true)]
    pub web_viewer_port: Option<u16>,

    /// What SDKs pass to a viewer that they start.
    #[arg(long, hide = true)]
    pub expect_data_soon: bool,

    /// Likewise.
    #[arg(long, hide = true)]
    pub hide_welcome_screen: bool,

    /// Likewise.
    #[arg(long, hide = true)]
    pub detach_process: bool,

    /// Here it is the default, and `--no-restore` the other way.
    #[arg(long, hide = true, conflicts_with = "no_restore")]
    pub persist_state: bool,
}

impl AcceptedOptions {
    /// Whether to pass on what arrives, without a window.
    pub(crate) fn serves(&self) -> bool {
        self.serve_web && !self.web_viewer
    }

    /// What a user is told who may expect more of these flags than they do.
    pub fn words(&self) -> Vec<&'static str> {
        let mut words = Vec::new();
        if self.serves() {
            words.push(
                "there is no viewer for browsers; what arrives is passed on to other viewers, as by --serve",
            );
        } else if self.web_viewer {
            words.push("there is no viewer for browsers; this one has a window");
        } else if self.web_viewer_port.is_some() {
            words.push("there is no viewer for browsers, and --web-viewer-port means nothing");
        }
        if !self.cors_allow_origin.is_empty() {
            words.push("pages in a browser are not let in, and --cors-allow-origin means nothing");
        }
        words
    }
}

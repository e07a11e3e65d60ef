//! A web server of one file, with the faults that such have.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// How the server answers.
#[derive(Clone, Debug)]
pub(crate) struct Behavior {
    pub(crate) file: Vec<u8>,
    /// Whether it gives parts of the file.
    pub(crate) gives_parts: bool,
    /// Whether it says how long its answers are.
    pub(crate) says_length: bool,
    /// The bytes of an answer after which it closes the connection.
    pub(crate) cut_after: usize,
    /// The answers that it cuts; later ones are whole.
    pub(crate) cuts: usize,
    /// The answer from which on the file is said to be another.
    pub(crate) changes_at: usize,
    /// An answer to all that is asked for, in place of the file.
    pub(crate) refusal: Option<String>,
}

impl Behavior {
    pub(crate) fn of(file: impl Into<Vec<u8>>) -> Self {
        Self {
            file: file.into(),
            gives_parts: true,
            says_length: true,
            cut_after: usize::MAX,
            cuts: usize::MAX,
            changes_at: usize::MAX,
            refusal: None,
        }
    }
}

/// A server that runs until the end of the test.
pub(crate) struct WebServer {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    is_changed: Arc<AtomicBool>,
}

impl WebServer {
    pub(crate) fn new(behavior: Behavior) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let is_changed = Arc::<AtomicBool>::default();
        let (log, changed) = (Arc::clone(&asked), Arc::clone(&is_changed));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (behavior, log, changed) = (behavior.clone(), Arc::clone(&log), Arc::clone(&changed));
                std::thread::spawn(move || serve(&stream.unwrap(), &behavior, &log, &changed));
            }
        });
        Self {
            address,
            asked,
            is_changed,
        }
    }

    /// From the next answer on, the file is said to be another.
    pub(crate) fn change(&self) {
        self.is_changed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }

    /// The parts that were asked for, as the requests name them.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Answers the requests of a connection, until one is cut off or the client leaves. Errors are the client's to find.
fn serve(
    stream: &TcpStream,
    behavior: &Behavior,
    log: &Mutex<Vec<String>>,
    changed: &AtomicBool,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut range, mut lines) = (None, 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            lines += 1;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
                range = Some(value.trim().to_owned());
            }
            if line == "\r\n" {
                break;
            }
        }
        assert!(lines > 1);
        let number = {
            let mut log = log.lock().unwrap();
            log.push(range.clone().unwrap_or_default());
            log.len() - 1
        };
        let mut out = stream;
        if let Some(refusal) = &behavior.refusal {
            out.write_all(refusal.as_bytes()).ok()?;
            continue;
        }
        let total = behavior.file.len();
        let part = range
            .filter(|_| behavior.gives_parts)
            .map(|range| parse(&range, total));
        let version = u8::from(changed.load(Ordering::SeqCst) || number >= behavior.changes_at);
        let status = if part.is_some() {
            "206 Partial Content"
        } else {
            "200 OK"
        };
        let mut head = format!("HTTP/1.1 {status}\r\nETag: \"{version}\"\r\n");
        let bytes = part.clone().unwrap_or(0..total);
        if part.is_some() {
            head += &format!(
                "Content-Range: bytes {}-{}/{total}\r\n",
                bytes.start,
                bytes.end - 1
            );
        }
        if behavior.says_length {
            head += &format!("Content-Length: {}\r\n", bytes.len());
        }
        out.write_all((head + "\r\n").as_bytes()).ok()?;
        let is_cut = number < behavior.cuts && bytes.len() > behavior.cut_after;
        let sent = if is_cut { behavior.cut_after } else { bytes.len() };
        out.write_all(&behavior.file[bytes.start..bytes.start + sent])
            .ok()?;
        if is_cut || !behavior.says_length {
            return stream.shutdown(std::net::Shutdown::Both).ok();
        }
    }
}

fn parse(range: &str, total: usize) -> Range<usize> {
    let (first, last) = range.split_once('-').unwrap();
    let end = last.parse::<usize>().map_or(total, |last| (last + 1).min(total));
    first.parse().unwrap()..end
}

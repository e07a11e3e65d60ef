//! What stands between: a proxy that passes bytes on and cuts connections.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// The bytes after which a connection is cut, by the direction in which they go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) to_service: usize,
    pub(crate) to_client: usize,
}

impl Cut {
    pub(crate) const NEVER: Self = Self {
        to_service: usize::MAX,
        to_client: usize::MAX,
    };
}

/// A proxy for services that may change.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    service: Arc<Mutex<SocketAddr>>,
}

impl Proxy {
    /// A proxy whose connections are cut as the list says, the first by the first; those after the last never.
    pub(crate) fn new(service: SocketAddr, cuts: Vec<Cut>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let service = Arc::new(Mutex::new(service));
        let services = Arc::clone(&service);
        std::thread::spawn(move || {
            let mut cuts = cuts.into_iter();
            for client in listener.incoming() {
                let service = *services.lock().unwrap();
                let cut = cuts.next().unwrap_or(Cut::NEVER);
                std::thread::spawn(move || pass_on(client.unwrap(), service, cut));
            }
        });
        Self { address, service }
    }

    /// From the next connection on, this is the service.
    pub(crate) fn set_service(&self, service: SocketAddr) {
        *self.service.lock().unwrap() = service;
    }
}

fn pass_on(client: TcpStream, service: SocketAddr, cut: Cut) {
    // A service that is not there is a connection that is closed.
    let Ok(service) = TcpStream::connect(service) else {
        return;
    };
    let (from_client, to_service) = (client.try_clone().unwrap(), service.try_clone().unwrap());
    std::thread::spawn(move || copy(&from_client, &to_service, cut.to_service));
    copy(&service, &client, cut.to_client);
}

/// Passes bytes on until there are no more, or so many were.
fn copy(mut from: &TcpStream, mut to: &TcpStream, mut left: usize) {
    let mut buffer = vec![0; 1 << 16];
    while left > 0 {
        let room = buffer.len().min(left);
        let Ok(count) = from.read(&mut buffer[..room]) else {
            break;
        };
        if count == 0 || to.write_all(&buffer[..count]).is_err() {
            break;
        }
        left -= count;
    }
    for stream in [from, to] {
        // It may be closed already.
        let _ = stream.shutdown(Shutdown::Both);
    }
}

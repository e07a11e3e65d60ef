//! Files and services by links, encrypted and not.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Command, Output},
    sync::Arc,
};

use bevy::prelude::*;
use chronoscope::{
    frame::{FramePlugins, IngestSources, OffersDemo, Recordings, Reports, ViewerCommand, ViewerCommands},
    io::read_file,
    live::{LivePlugin, LiveRuntime, Relay, Server, ServerSettings},
    sources::FileSourcesPlugin,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

use crate::program::{data, digest};

/// A web server of one file, which gives no parts of it.
fn web_server(file: PathBuf) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let asked = BufReader::new(stream.try_clone().unwrap()).lines();
            // A request ends with an empty line. Clients may leave when they like.
            asked
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .for_each(drop);
            let bytes = std::fs::read(&file).unwrap();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", bytes.len());
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&bytes));
        }
    });
    address
}

/// What is encrypted on the way here goes on to a service that is not. The certificate is that of `localhost`.
fn encrypted(service: SocketAddr, protocol: &'static [u8]) -> SocketAddr {
    encrypted_at("127.0.0.1", service, protocol)
}

fn encrypted_at(host: &str, service: SocketAddr, protocol: &'static [u8]) -> SocketAddr {
    let file = |name: &str| std::fs::read(data(&format!("tls/{name}"))).unwrap();
    let key = PrivateKeyDer::Pkcs8(file("localhost.key.der").into());
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![file("localhost.der").into()], key)
        .unwrap();
    config.alpn_protocols = vec![protocol.to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((host, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that does not trust the certificate leaves.
                    let Ok(mut client) = acceptor.accept(stream).await else {
                        return;
                    };
                    let mut service = tokio::net::TcpStream::connect(service).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut service).await;
                });
            }
        });
    });
    address
}

/// Runs the program, which trusts the authority of the tests or nobody that is here.
fn run(arguments: &[&str], trusts: bool) -> Output {
    command(arguments, trusts).output().unwrap()
}

fn command(arguments: &[&str], trusts: bool) -> Command {
    let authority = if trusts {
        data("tls/authority.pem")
    } else {
        data("tls/nothing.pem")
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_chronoscope"));
    command
        .args(arguments)
        .env_remove("DISPLAY")
        .env("SSL_CERT_FILE", authority);
    command
}

#[test]
fn a_file_of_a_web_server_is_shown_as_one_of_this_machine() {
    let scene = data("scene.rrd");
    let web = web_server(scene.clone());
    let secure = encrypted(web, b"http/1.1");
    let expected = digest(&[scene.to_str().unwrap()], "2", "frame=18");
    for link in [
        format!("http://{web}/scene.rrd"),
        format!("https://localhost:{}/scene.rrd", secure.port()),
    ] {
        let output = run(&[&link, "--digest", "--threads", "2", "--time", "frame=18"], true);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{link}: {said}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{link}");
    }
}

#[test]
fn a_server_that_cannot_prove_who_it_is_is_not_asked() {
    let web = web_server(data("scene.rrd"));
    // An authority that is not trusted, and a name that is another's.
    for (host, trusts) in [("127.0.0.1", false), ("127.0.0.2", true)] {
        let link = format!("https://{}/scene.rrd", encrypted_at(host, web, b"http/1.1"));
        let output = run(&[&link, "--digest"], trusts);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        assert!(
            said.contains(&link) && said.contains("could not be encrypted"),
            "{said}"
        );
    }
}

/// A service that passes a recording on, and the number of its messages.
fn relay_of(file: &str) -> (Server, usize) {
    let relay = Relay::new(1 << 30);
    let settings = ServerSettings {
        address: ([127, 0, 0, 1], 0).into(),
        relay: Some(relay.clone()),
        ..ServerSettings::default()
    };
    let server = Server::start(&LiveRuntime::start().unwrap(), &settings).unwrap();
    let (messages, _) = read_file(data(file));
    messages.iter().for_each(|message| relay.push(message).unwrap());
    (server, messages.len())
}

#[test]
fn an_encrypted_service_is_followed() {
    let (server, num_messages) = relay_of("scene.rrd");
    let secure = encrypted(server.address(), b"h2");
    let link = format!("rerun+https://localhost:{}/proxy", secure.port());
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("saved.rrd");
    let saving = ["--save", path.to_str().unwrap(), "--no-listen", &link];
    // Without trust there is nothing to wait for.
    let output = run(&saving, false);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("could not be encrypted"), "{said}");
    assert!(read_file(&path).0.is_empty());
    let mut program = command(&saving, true).spawn().unwrap();
    while read_file(&path).0.len() < num_messages {
        assert!(
            program.try_wait().unwrap().is_none(),
            "it runs until it is told to end"
        );
        std::thread::yield_now();
    }
    program.kill().unwrap();
    program.wait().unwrap();
}

/// The frame's phases without drawing, with what opens files and links.
fn app() -> App {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, FramePlugins, FileSourcesPlugin, LivePlugin));
    app
}

fn update_until(app: &mut App, is_there: impl Fn(&World) -> bool) {
    while !is_there(app.world()) {
        app.update();
        std::thread::yield_now();
    }
}

#[test]
fn links_are_opened_by_command_as_files_are() {
    let (server, _) = relay_of("zoo.rrd");
    let links = [
        format!("http://{}/scene.rrd", web_server(data("scene.rrd"))),
        format!("rerun+http://{}/proxy", server.address()),
        "rerun+http://no host".to_owned(),
    ];
    let mut app = app();
    let paths = links.iter().map(PathBuf::from).collect();
    app.world_mut()
        .resource_mut::<ViewerCommands>()
        .push(ViewerCommand::OpenFiles(paths));
    update_until(&mut app, |world| {
        world.resource::<Recordings>().recordings().count() >= 2
            && world.resource::<Reports>().iter().next().is_some()
    });
    let reports: Vec<String> = app
        .world()
        .resource::<Reports>()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(
        reports[0].contains("no host") && reports[0].contains("is no link"),
        "{reports:?}"
    );
}

#[test]
fn the_demo_is_opened_by_command() {
    let mut app = app();
    assert!(app.world().resource::<OffersDemo>().0);
    app.world_mut()
        .resource_mut::<ViewerCommands>()
        .push(ViewerCommand::OpenDemo);
    update_until(&mut app, |world| {
        world.resource::<Recordings>().recordings().next().is_some()
            && world.resource::<IngestSources>().is_idle()
    });
    let recordings = app.world().resource::<Recordings>();
    assert!(
        recordings
            .recordings()
            .all(|entry| entry.store().num_rows() > 1_000)
    );
}

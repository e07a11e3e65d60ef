//! Encrypted connections to services elsewhere.

use std::{
    io,
    sync::{Arc, LazyLock},
};

use chronoscope_io::http::system_certificates;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, Error, RootCertStore, crypto::ring, pki_types::ServerName},
};

/// Encrypts a connection to the service of this name, which has to prove that it is.
pub(crate) async fn encrypted(stream: TcpStream, host: &str) -> io::Result<TlsStream<TcpStream>> {
    static CONFIG: LazyLock<Result<Arc<ClientConfig>, Error>> = LazyLock::new(config);
    let config = CONFIG.as_ref().map_err(|error| io::Error::other(error.clone()))?;
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    TlsConnector::from(Arc::clone(config)).connect(name, stream).await
}

/// The authorities that the system trusts, or where it has none, those that browsers trust; and the one protocol that is
/// spoken.
fn config() -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(
        system_certificates()
            .iter()
            .map(|certificate| certificate.as_slice().into()),
    );
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

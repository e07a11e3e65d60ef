//! The authorities whose word for a server is taken.

use std::sync::LazyLock;

use ureq::tls::{Certificate, RootCerts};

/// The certificates of the authorities that the system trusts, or those of the file that `SSL_CERT_FILE` names, in DER. Empty
/// where the system has none, as in a small container.
pub fn system_certificates() -> &'static [Vec<u8>] {
    static CERTIFICATES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::debug!("certificates of the system cannot be read: {error}");
        }
        found
            .certs
            .iter()
            .map(|certificate| certificate.to_vec())
            .collect()
    });
    &CERTIFICATES
}

/// What to trust: the system's authorities, or where it has none, those that browsers trust.
pub(super) fn trusted() -> RootCerts {
    let certificates = system_certificates();
    if certificates.is_empty() {
        return RootCerts::WebPki;
    }
    let certificates: Vec<Certificate<'static>> = certificates
        .iter()
        .map(|certificate| Certificate::from_der(certificate))
        .collect();
    RootCerts::new_with_certs(&certificates)
}

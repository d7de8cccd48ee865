//! The two TLS profiles: verifying, and accepting any certificate (S-9).

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;

/// Both profiles.
pub(super) struct TlsProfiles {
    verifying: TlsConnector,
    insecure: TlsConnector,
}

impl TlsProfiles {
    /// The system's roots and these.
    pub(super) fn new(extra_roots: &[CertificateDer<'static>]) -> Self {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        let native = rustls_native_certs::load_native_certs();
        for error in native.errors {
            tracing::warn!(%error, "a system certificate store could not be read");
        }
        let (added, ignored) = roots.add_parsable_certificates(native.certs);
        let (extra, _) = roots.add_parsable_certificates(extra_roots.iter().cloned());
        tracing::debug!(added, ignored, extra, "loaded root certificates");
        let builder = || {
            ClientConfig::builder_with_provider(provider.clone())
                .with_safe_default_protocol_versions()
                .expect("the provider supports TLS 1.2 and 1.3")
        };
        let verifying = builder().with_root_certificates(roots).with_no_client_auth();
        let any = Arc::new(AnyCertificate(provider.clone()));
        let insecure = builder().dangerous().with_custom_certificate_verifier(any).with_no_client_auth();
        Self { verifying: connector(verifying), insecure: connector(insecure) }
    }

    /// The connector of one profile.
    pub(super) fn get(&self, insecure: bool) -> &TlsConnector {
        if insecure { &self.insecure } else { &self.verifying }
    }
}

fn connector(mut config: ClientConfig) -> TlsConnector {
    // HTTP/2 only where the receiver chooses it here (E-14).
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsConnector::from(Arc::new(config))
}

/// Accepts any certificate; signatures are still checked, so the peer holds the key it shows.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

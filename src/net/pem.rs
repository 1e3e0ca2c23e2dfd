//! Certificates and keys from PEM, with errors that say what was found instead.

use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What is wrong with a PEM text. Never holds any of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// Broken base64, or a section that is not closed.
    #[error("section number {section} (from 1) is damaged: {reason}")]
    Damaged {
        /// Which section, counted from 1.
        section: usize,
        /// What the parser says.
        reason: String,
    },
    /// Nothing in it is PEM; DER, perhaps.
    #[error(
        "holds no PEM section at all (a DER file? convert it with `openssl x509 -inform der` or `openssl pkey -inform der`)"
    )]
    NotPem,
    /// PEM without what was looked for.
    #[error("holds no {wanted}, only: {found}")]
    Missing {
        /// What was looked for.
        wanted: &'static str,
        /// Which sections there are instead.
        found: String,
    },
    /// More than one private key.
    #[error("holds {0} private keys; keep exactly one")]
    SeveralKeys(usize),
    /// A certificate section whose bytes are not a certificate.
    #[error("certificate number {0} (from 1) is not an X.509 certificate")]
    NotACertificate(usize),
}

/// Every certificate of a PEM text, in its order: the own one first, then the issuers.
///
/// # Errors
/// When there is none, or one is damaged.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let mut found = Vec::new();
    for (kind, der) in sections(pem)? {
        if kind == SectionKind::Certificate {
            let certificate = CertificateDer::from(der);
            let number = found.len() + 1;
            let whole =
                x509_parser::parse_x509_certificate(&certificate).is_ok_and(|(rest, _)| rest.is_empty());
            if !whole {
                return Err(PemError::NotACertificate(number));
            }
            found.push(certificate);
        }
    }
    if found.is_empty() {
        Err(missing("CERTIFICATE", pem))
    } else {
        Ok(found)
    }
}

/// A certificate as PEM text.
pub fn certificate_text(der: &CertificateDer<'_>) -> String {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD.encode(der);
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in base64.as_bytes().chunks(64) {
        // base64 is ASCII.
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text + "-----END CERTIFICATE-----\n"
}

/// The one private key of a PEM text (PKCS#8, PKCS#1 or SEC1); other sections beside it do not disturb.
///
/// # Errors
/// When there is none, or more than one, or it is encrypted or damaged.
pub fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, PemError> {
    let mut keys: Vec<PrivateKeyDer<'static>> = sections(pem)?
        .into_iter()
        .filter_map(|(kind, der)| match kind {
            SectionKind::PrivateKey => Some(PrivateKeyDer::Pkcs8(der.into())),
            SectionKind::RsaPrivateKey => Some(PrivateKeyDer::Pkcs1(der.into())),
            SectionKind::EcPrivateKey => Some(PrivateKeyDer::Sec1(der.into())),
            _ => None,
        })
        .collect();
    match (keys.pop(), keys.len()) {
        (Some(key), 0) => Ok(key),
        (Some(_), more) => Err(PemError::SeveralKeys(more + 1)),
        (None, _) => Err(missing("unencrypted PRIVATE KEY", pem)),
    }
}

fn sections(pem: &[u8]) -> Result<Vec<(SectionKind, Vec<u8>)>, PemError> {
    let mut found = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem) {
        found.push(section.map_err(|e| PemError::Damaged {
            section: found.len() + 1,
            reason: e.to_string(),
        })?);
    }
    Ok(found)
}

fn missing(wanted: &'static str, pem: &[u8]) -> PemError {
    // The parser skips sections it does not know; a person wants to see them named.
    let text = String::from_utf8_lossy(pem);
    let found: Vec<&str> = text
        .lines()
        .filter_map(|l| l.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----"))
        .collect();
    if found.is_empty() {
        PemError::NotPem
    } else {
        PemError::Missing {
            wanted,
            found: found.join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    #[test]
    fn certificates_and_a_key_are_read_from_one_file() {
        let (certificate, key) = pair();
        let both = format!("# a comment\n{certificate}\n{key}{certificate}");
        assert_eq!(certificates(both.as_bytes()).unwrap().len(), 2);
        assert!(matches!(
            private_key(both.as_bytes()),
            Ok(PrivateKeyDer::Pkcs8(_))
        ));
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let (certificate, key) = pair();
        let said = |e: PemError| e.to_string();
        assert_eq!(
            said(certificates(key.as_bytes()).unwrap_err()),
            "holds no CERTIFICATE, only: PRIVATE KEY"
        );
        assert_eq!(
            said(private_key(certificate.as_bytes()).unwrap_err()),
            "holds no unencrypted PRIVATE KEY, only: CERTIFICATE"
        );
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        assert_eq!(
            said(private_key(encrypted.as_bytes()).unwrap_err()),
            "holds no unencrypted PRIVATE KEY, only: ENCRYPTED PRIVATE KEY"
        );
        assert_eq!(
            private_key(format!("{key}{key}").as_bytes()),
            Err(PemError::SeveralKeys(2))
        );
        assert_eq!(certificates(b"\x30\x82\x01\x00"), Err(PemError::NotPem));
        assert_eq!(private_key(b""), Err(PemError::NotPem));
        let cut = &certificate[..certificate.len() / 2];
        assert!(matches!(
            certificates(cut.as_bytes()),
            Err(PemError::Damaged { section: 1, .. })
        ));
        let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let second = format!("{certificate}{other}");
        assert_eq!(certificates(second.as_bytes()), Err(PemError::NotACertificate(2)));
    }
}

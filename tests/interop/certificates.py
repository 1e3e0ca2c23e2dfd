"""Certificates of the sandbox's own authority, whose key lies open, and of one nobody trusts."""

import ipaddress
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def issued(sandbox, folder, name, *, by_sandbox=True, days=(-1, 30), server=False):
    """Files with a certificate and its key: a client's by this name, or a server's for `localhost`."""
    now = datetime.now(timezone.utc)
    key = ec.generate_private_key(ec.SECP256R1())
    signer, issuer = key, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    if by_sandbox:
        signer = serialization.load_pem_private_key((sandbox.dir / "ca/root.key").read_bytes(), None)
        issuer = x509.load_pem_x509_certificate((sandbox.dir / "ca/root.pem").read_bytes()).subject
    usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    )
    if server:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        certificate = certificate.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = certificate.sign(signer, hashes.SHA256())
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return str(cert_file), str(key_file)

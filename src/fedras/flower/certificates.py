"""Certificates and keys for a federation on this machine, made for the occasion."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fedras.whole_files import write

_VALID = timedelta(days=30)
_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Authority:
    """What a SuperLink needs for TLS, as paths of PEM files."""

    root: Path
    certificate: Path
    key: Path


def make_authority(folder: Path) -> Authority:
    """Make a root certificate, and one signed by it for this machine's loopback addresses."""
    root_key, key = (ec.generate_private_key(ec.SECP384R1()) for _ in range(2))
    root_name, name = _name("fedras root"), _name("localhost")
    constraints = x509.BasicConstraints(ca=True, path_length=0)
    root = (
        _certificate(root_name, root_name, root_key.public_key())
        .add_extension(constraints, critical=True)
        .sign(root_key, hashes.SHA384())
    )
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    signed = (
        _certificate(name, root_name, key.public_key())
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(root_key, hashes.SHA384())
    )
    made = Authority(folder / "root.pem", folder / "superlink.pem", folder / "superlink.key")
    made.root.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    made.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    _write_private(made.key, key, serialization.PrivateFormat.PKCS8)
    return made


def make_node_key(path: Path) -> Path:
    """Write a SuperNode's private key to ``path``; return the path of the public one."""
    key = ec.generate_private_key(ec.SECP384R1())
    _write_private(path, key, serialization.PrivateFormat.OpenSSH)
    public = path.with_suffix(".pub")
    encoding, form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    public.write_bytes(key.public_key().public_bytes(encoding, form))
    return public


def _write_private(
    path: Path, key: ec.EllipticCurvePrivateKey, form: serialization.PrivateFormat
) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    write(path, pem, private=True)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _VALID)
    )

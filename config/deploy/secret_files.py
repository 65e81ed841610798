"""Makes the files in ./secrets that docker-compose.yml names: random values, and a certificate for a trial.

What is there already is left as it is, so that it may be run again, and real certificates put in its place.
"""

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config.first_files import make_once

DAYS: Final = 397
"""How long the certificate is good: what browsers accept at most."""


def make(folder: Path, host: str, postgres: str = "postgres:5432") -> list[str]:
    """Make the files that are missing and return their names. `host` is what clients type.

    Only the folder's owner gets to them; in a container, where one file is mounted, any user may read it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    made: list[str] = []

    def keep(name: str, value: Callable[[], str]) -> str:
        path = folder / name
        if make_once(path, lambda: value().encode(), 0o644):
            made.append(name)
        text = path.read_text(encoding="utf-8")
        if not text:
            raise SystemExit(f"kho: {path} is empty; restore it, or remove it so that it is made.")
        return text

    for name in ("secret_key", "master_key"):
        keep(name, lambda: secrets.token_urlsafe(48))
    password = keep("postgres_password", lambda: secrets.token_urlsafe(24))
    keep("database_url", lambda: f"postgresql://kho:{password}@{postgres}/kho")
    key_id = keep("s3_access_key_id", lambda: secrets.token_hex(10))
    secret = keep("s3_secret_access_key", lambda: secrets.token_urlsafe(30))
    credentials = [{"accessKey": key_id, "secretKey": secret}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identities = {"identities": [{"name": "kho", "credentials": credentials, "actions": actions}]}
    keep("s3_identities", lambda: json.dumps(identities))
    if not ((folder / "tls_certificate").exists() and (folder / "tls_key").exists()):
        (folder / "tls_certificate").unlink(missing_ok=True)
        (folder / "tls_key").unlink(missing_ok=True)
        certificate, key = self_signed(host)
        keep("tls_certificate", lambda: certificate)
        keep("tls_key", lambda: key)
    return made


def self_signed(host: str) -> tuple[str, str]:
    """Return a certificate for a host name or address, signed by itself, and its key, as PEM."""
    bare = host.rpartition(":")[0] if ":" in host else host
    try:
        name: x509.GeneralName = x509.IPAddress(ip_address(bare))
    except ValueError:
        name = x509.DNSName(bare)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, bare)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()

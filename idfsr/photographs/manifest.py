"""C2PA manifests: the mark of a restored photograph, signed with a certificate of the user's.

The package c2pa is an extra, and is imported where it is used.
"""

import dataclasses
import io
import json
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from idfsr.errors import IdfsrError
from idfsr.io.decoding import FORMATS
from idfsr.photographs.marks import COMPOSITE, SOURCE_TYPES

_CURVES = {256: b"es256", 384: b"es384", 521: b"es512"}
"""Bits of an elliptic curve: the signature's name in C2PA."""

_OFFLINE = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
"""Settings of c2pa: a file that is read makes it ask nobody."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a manifest is signed with."""

    certificate: bytes
    """PEM, the chain: the signer's first."""
    key: bytes
    """PEM, private, not encrypted."""
    algorithm: bytes
    """Name in C2PA."""


def is_installed() -> bool:
    """Return whether the package is."""
    return find_spec("c2pa") is not None


def _algorithm(path: Path, data: bytes) -> bytes:
    serialization = import_module("cryptography.hazmat.primitives.serialization")
    wanted = "wanted a private key in PEM that is not encrypted, of EC P-256 to P-521, RSA, Ed25519"
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError):
        message = f"{path}: found no such key, {wanted}"
        raise IdfsrError(message) from None
    kind = type(key).__name__
    named = {"RSAPrivateKey": b"ps256", "Ed25519PrivateKey": b"ed25519"}.get(kind)
    algorithm = named or _CURVES.get(getattr(key, "key_size", 0)) if "DSA" not in kind else None
    if algorithm is None:
        message = f"{path}: found {kind}, {wanted}"
        raise IdfsrError(message)
    return algorithm


def load_credentials(certificate: Path, key: Path) -> Credentials:
    """Read a certificate and its key, and try them on an image.

    Raises:
        IdfsrError: The package is not installed, a file is missing, or they cannot sign.
    """
    if not is_installed():
        message = "--certificate: no package c2pa, wanted from pip install 'idfsr[c2pa]'"
        raise IdfsrError(message)
    for path in (certificate, key):
        if not path.is_file():
            message = f"{path}: no such file, wanted a certificate and a key in PEM"
            raise IdfsrError(message)
    data = key.read_bytes()
    credentials = Credentials(
        certificate=certificate.read_bytes(), key=data, algorithm=_algorithm(key, data)
    )
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, format="PNG")
    try:
        sign(buffer.getvalue(), "test", credentials)
    except import_module("c2pa").C2paError as error:
        message = (
            f"{certificate}: {error}, wanted a certificate that C2PA allows to sign, with {key}"
        )
        raise IdfsrError(message) from None
    return credentials


def sign(png: bytes, title: str, credentials: Credentials) -> bytes:
    """Return a PNG with a manifest: a composite with a part that a trained network generated.

    Args:
        png: The file.
        title: Of the manifest, a file name.
        credentials: See `load_credentials`.
    """
    c2pa = import_module("c2pa")
    action = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPES + COMPOSITE}
    claims = {
        "claim_generator_info": [{"name": "idfsr", "version": version("idfsr")}],
        "title": title,
        "assertions": [{"label": "c2pa.actions", "data": {"actions": [action]}}],
    }
    info = c2pa.C2paSignerInfo(
        alg=credentials.algorithm,
        sign_cert=credentials.certificate,
        private_key=credentials.key,
        ta_url=None,
    )
    signed = io.BytesIO()
    with c2pa.Signer.from_info(info) as signer, c2pa.Builder(json.dumps(claims)) as builder:
        builder.sign(signer, "image/png", io.BytesIO(png), signed)
    return signed.getvalue()


def describe_manifest(path: Path) -> str:
    """Return what the manifest of an image says, in a line; "no C2PA manifest" if there is none.

    Whose certificate it is signed with is said, not whether anybody trusts it.
    """
    if not is_installed():
        return "C2PA manifests are not looked for: pip install 'idfsr[c2pa]'"
    c2pa = import_module("c2pa")
    reader_of: Any = c2pa.Reader
    with Image.open(path, formats=FORMATS) as image:
        mime = (
            image.get_format_mimetype() if image.format == "PNG" else Image.MIME[image.format or ""]
        )
    if mime not in reader_of.get_supported_mime_types():
        return f"no C2PA manifest is read of {mime}"
    reader = reader_of.try_create(
        mime, io.BytesIO(path.read_bytes()), context=c2pa.Context.from_dict(_OFFLINE)
    )
    if reader is None:
        return "no C2PA manifest"
    with reader:
        state = (reader.get_validation_state() or "unknown").lower()
        manifest = reader.get_active_manifest() or {}
    signer = manifest.get("signature_info", {}).get("common_name", "nobody who is named")
    generated = SOURCE_TYPES + COMPOSITE in json.dumps(manifest)
    says = (
        "a part of it was generated by a network" if generated else "nothing of IPTC's composites"
    )
    return f"C2PA manifest, {state}, signed by {signer}: {says}"

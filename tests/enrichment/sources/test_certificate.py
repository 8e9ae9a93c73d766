"""Statistics Sweden lets in who shows a client certificate, and nobody else."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import uvicorn
from cases import CASES
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chassis.edge import now
from chassis.pace import Pace
from enrichment.settings import RegistrySettings
from enrichment.sources.calls import Calls, client
from enrichment.sources.configured import configured
from enrichment.sources.port import Found, Unavailable
from enrichment.sources.scb import Scb
from standins.registries import sample as reading
from standins.registries.app import build
from standins.registries.store import opened as opened_store

CASE = next(case for case in CASES if case.fixture == "scb")
PATH = "nv0101/v1/sokpavar"


@dataclass
class Authority:
    """Whoever gives out certificates: to the register, and to those that may ask it."""

    folder: Path

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("the authority")
        self.root = self.folder / "root.pem"
        certificate = self._certificate(self._name, self._key.public_key(), is_authority=True)
        self.root.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def given(self, name: str) -> Path:
        """Return a new certificate with its key, in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certificate(_named(name), key.public_key(), is_authority=False)
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path = self.folder / f"{name}.pem"
        path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def _certificate(
        self, name: x509.Name, key: ec.EllipticCurvePublicKey, *, is_authority: bool
    ) -> x509.Certificate:
        own = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - timedelta(days=1))
            .not_valid_after(now() + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
                critical=False,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def url(authority: Authority, sample: list[Path], tmp_path: Path) -> AsyncIterator[str]:
    """Run the stand-in behind a door that wants certificates."""
    store = opened_store(tmp_path / "registries.sqlite")
    reading.load(store, sample[0].parent)
    own = authority.given("the register")
    config = uvicorn.Config(
        build(store),
        host="127.0.0.1",
        port=0,
        log_config=None,
        ssl_certfile=own,
        ssl_keyfile=own,
        ssl_ca_certs=str(authority.root),
        ssl_cert_reqs=ssl.CERT_REQUIRED,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - it has no event for it
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"https://127.0.0.1:{port}/{PATH}"
    server.should_exit = True
    with suppress(asyncio.CancelledError):
        await serving
    store.close()


async def test_with_its_certificate_the_register_is_asked(url: str, authority: Authority) -> None:
    settings = RegistrySettings(
        scb_url=url, scb_certificate=authority.given("we"), scb_authority=authority.root
    )
    async with configured(settings) as sources:
        (scb,) = sources
        found = await scb.look_up("SE", CASE.number)
    assert isinstance(found, Found)
    assert found.listing.facts["name"] == CASE.name


async def test_without_one_it_is_not(url: str, authority: Authority) -> None:
    trusting = ssl.create_default_context(cafile=authority.root)
    async with Calls("scb", client(url, verify=trusting), Pace(100, 100)) as calls:
        with pytest.raises(Unavailable):
            await Scb(calls).look_up("SE", CASE.number)


async def test_a_register_that_is_not_who_it_says_is_not_asked(
    url: str, authority: Authority
) -> None:
    settings = RegistrySettings(scb_url=url, scb_certificate=authority.given("we"))
    async with configured(settings) as sources:
        (scb,) = sources
        with pytest.raises(Unavailable):
            await scb.look_up("SE", CASE.number)

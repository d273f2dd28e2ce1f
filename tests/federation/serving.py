"""Web servers for tests: real sockets, real TLS under an authority of their own, real git behind one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from commons.federation.sources.fetching import Net
from commons.federation.sources.wire import Patience, Wire

HOST = "entregas.test"
AT = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)
HURRY = Patience(deadline_s=4.0, idle_s=2.0, connect_s=2.0, tries=2, pause_s=0.05)


@dataclass(frozen=True)
class Authority:
    """A certificate authority that only these tests trust. `file`: its certificate."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls, folder: Path) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
        made = _builder(name, name, key).add_extension(x509.BasicConstraints(True, None), critical=True)
        made = made.add_extension(_usage(sign=True), critical=True)
        certificate = made.sign(key, hashes.SHA256())
        (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return cls(folder, key, certificate)

    @property
    def file(self) -> Path:
        return self.folder / "ca.pem"

    def context(self, *names: str) -> ssl.SSLContext:
        """What a server of these names needs."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
        made = _builder(subject, self.certificate.subject, key).add_extension(alternatives, critical=False)
        certificate = made.sign(self.key, hashes.SHA256())
        file = self.folder / f"{names[0]}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    return made.not_valid_after(now + timedelta(days=1))


def _usage(*, sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=sign, crl_sign=sign, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass
class Site:
    """A running server. `asked`: the paths and conditions of its requests, in order."""

    port: int
    scheme: str = "https"
    host: str = HOST
    asked: list[tuple[str, str]] = field(default_factory=list)

    def url(self, path: str = "/") -> str:
        return f"{self.scheme}://{self.host}:{self.port}{path}"


class _Quiet:
    """Clients that hang up are what these tests are about."""

    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        pass


class _Http(_Quiet, ThreadingHTTPServer):
    pass


class _Raw(_Quiet, socketserver.ThreadingTCPServer):
    pass


@contextmanager
def _running(server: socketserver.BaseServer, site: Site) -> Iterator[Site]:
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def files(context: ssl.SSLContext | None, held: Mapping[str, bytes], *, etags: bool = True) -> Iterator[Site]:
    """A server of files by path; `held` may change meanwhile. Answers 304 to what it marked itself."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            condition = self.headers.get("If-None-Match", "")
            asked.append((self.path, condition))
            body = held.get(self.path)
            etag = f'"{hashlib.sha256(body or b"").hexdigest()[:16]}"'
            same = body is not None and condition == etag
            self.send_response(404 if body is None else 304 if same else 200)
            if etags and body is not None:
                self.send_header("ETag", etag)
            self.send_header("Content-Length", "0" if body is None or same else str(len(body)))
            self.end_headers()
            if body is not None and not same:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = _Http(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with _running(
        server, Site(server.server_address[1], "https" if context else "http", asked=asked)
    ) as site:
        yield site


Talk = Callable[[socket.socket, Site], None]


@contextmanager
def raw(context: ssl.SSLContext | None, talk: Talk, *, at: str = "127.0.0.1") -> Iterator[Site]:
    """A server that reads one request and then says what `talk` sends, byte for byte."""
    site = Site(0, "https" if context else "http")

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            connection = self.request
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head and (more := connection.recv(65536)):
                head += more
            site.asked.append((head.split(b" ")[1].decode() if head else "", ""))
            with contextlib.suppress(OSError):  # whoever asked has heard enough
                talk(connection, site)
            connection.close()

    server = _Raw((at, 0), Handler)
    site.port = server.server_address[1]
    with _running(server, site):
        yield site


@contextmanager
def repositories(context: ssl.SSLContext, root: Path) -> Iterator[Site]:
    """A git server (git http-backend) over the bare repositories in a folder."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            path, _mark, query = self.path.partition("?")
            asked.append((self.path, ""))
            length = int(self.headers.get("Content-Length") or 0)
            environment = {
                "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(root), "REQUEST_METHOD": self.command,
                "PATH_INFO": path, "QUERY_STRING": query, "REMOTE_ADDR": "127.0.0.1",
                "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(length),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }  # fmt: skip
            said = subprocess.run(
                ["git", "-c", "safe.directory=*", "http-backend"], input=self.rfile.read(length),
                capture_output=True, env=environment, check=False,
            ).stdout  # fmt: skip
            head, _empty, body = said.partition(b"\r\n\r\n")
            lines = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
            status = next((value for name, value in lines if name == "Status"), "200 OK")
            self.send_response(int(status.split(" ")[0]))
            for name, value in lines:
                if name not in ("Status", "Content-Length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = _Http(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with _running(server, Site(server.server_address[1], asked=asked)) as site:
        yield site


def net(authority: Authority, patience: Patience = HURRY, *, at: datetime = AT) -> Net:
    """The net as tests ask it: names in `.test` are this computer."""
    return Net(Wire(patience, lambda host, port: ["127.0.0.1"], authority.file), at)

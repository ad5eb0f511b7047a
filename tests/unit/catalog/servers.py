"""Servers on loopback that remote files lie on, as fixtures."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Store:
    """A remote place.

    Attributes:
        url: a folder there.
        options: what fsspec opens it with.
    """

    url: str
    options: dict[str, Any] = field(default_factory=dict)

    def entry(self, name: str, **more: Any) -> dict[str, Any]:
        return {"filepath": f"{self.url}/{name}", "credentials": "store", **more}

    def credentials(self) -> Any:
        from mlflow_tmpl.config.values import Origin, located

        return located({"store": self.options}, Origin("credentials.yml"))

    def names(self) -> list[str]:
        """Return what lies below the folder, hidden files too."""
        import fsspec

        system, path = fsspec.core.url_to_fs(self.url, **self.options)
        system.invalidate_cache()
        found = system.find(path) if system.exists(path) else []
        return sorted(each[len(path) :].lstrip("/") for each in found)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[dict[str, Any]]:
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {"key": "mine", "secret": "hush-hush", "endpoint_url": f"http://{host}:{port}"}
    server.stop()


@pytest.fixture
def s3(s3_server: dict[str, Any], tmp_path: Path) -> Store:
    import fsspec

    bucket = "b" + "".join(letter for letter in tmp_path.name.lower() if letter.isalnum())[-40:]
    fsspec.filesystem("s3", **s3_server).mkdir(bucket)
    return Store(f"s3://{bucket}/data", s3_server)


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[Store]:
    """Serve a folder over SFTP."""
    pytest.importorskip("sshfs")
    asyncssh = pytest.importorskip("asyncssh")
    root = tmp_path / "sftp"
    root.mkdir()
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    class Anyone(asyncssh.SSHServer):  # type: ignore[misc, name-defined]
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("me", "hush-hush")

    async def serve() -> Any:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=Anyone,
            server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(root)),
        )

    server = asyncio.run_coroutine_threadsafe(serve(), loop).result(20)
    options = {"port": server.get_port(), "username": "me", "password": "hush-hush"}
    yield Store("sftp://127.0.0.1/data", options)
    asyncio.run_coroutine_threadsafe(_closed(server), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)


async def _closed(server: Any) -> None:
    server.close()


@dataclass
class Web:
    """An HTTP server.

    Attributes:
        url: its root.
        pages: path to ``(content, headers)``.
        failures: statuses that the next requests get, whatever they ask for.
        seen: method, path and headers of each request.
    """

    url: str = ""
    pages: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    failures: list[int] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


@contextmanager
def serving(web: Web) -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.seen.append((self.command, self.path, dict(self.headers)))
            page = web.pages.get(self.path.partition("?")[0])
            status = web.failures.pop(0) if web.failures else 200 if page else 404
            content, headers = page if page and status == 200 else (b"", {})
            self.send_response(status)
            for key, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_HEAD = do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        web.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield web
        server.shutdown()
        thread.join()


@pytest.fixture
def web() -> Iterator[Web]:
    with serving(Web()) as web:
        yield web

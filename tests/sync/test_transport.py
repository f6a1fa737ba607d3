"""One HTTP exchange surely ends: whole, small enough, in time, from the host that was asked."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bloodbank_desktop.sync.platform import (
    Cut,
    NotThePlatform,
    NotTrusted,
    PlatformProblem,
    ReplyTooLarge,
    TimedOut,
    Unreachable,
)
from bloodbank_desktop.sync.transport import Limits, Transport
from tests.faults.certificates import Authority
from tests.faults.tiny import TinyServer, http
from tests.faults.until import until

SHORT = Limits(connect=0.5, read=0.5, total=0.5, most_bytes=100_000)
BODY = b'{"a": "' + b"x" * 400 + b'"}'


def get(url: str, limits: Limits = SHORT, **keywords: object) -> bytes:
    """The body of one GET."""
    return Transport(limits, **keywords).exchange("GET", f"{url}/v1/hello", {"Connection": "close"}).body  # type: ignore[arg-type]


def seconds_of(call: Callable[[], object], expected: type[PlatformProblem]) -> float:
    """How long it took until the expected exception came."""
    begun = time.monotonic()
    with pytest.raises(expected):
        call()
    return time.monotonic() - begun


def test_a_whole_reply_comes_back() -> None:
    """Status, headers and body arrive unchanged, plain and packed."""
    with TinyServer(http(BODY)) as server:
        assert get(server.url) == BODY
    with TinyServer(http(gzip.compress(BODY), extra="Content-Encoding: gzip\r\n")) as server:
        assert get(server.url) == BODY
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with TinyServer(chunked) as server:
        assert get(server.url) == b"abcde"


@pytest.mark.parametrize("n", [*range(0, 110, 5), 200, 400, len(http(BODY)) - 1])
def test_a_reply_cut_anywhere_is_no_reply(n: int) -> None:
    """A connection that ends within the reply raises, wherever it ends, and never gives back a part."""
    with TinyServer(http(BODY)[:n]) as server, pytest.raises(PlatformProblem):
        get(server.url)


@pytest.mark.parametrize("cut", [1, 10, 30])
def test_packed_and_chunked_replies_cut_are_no_replies(cut: int) -> None:
    """Also a reply without a stated length is noticed when its end is missing."""
    packed = gzip.compress(BODY)[:-cut]
    with TinyServer(http(packed, extra="Content-Encoding: gzip\r\n")) as server, pytest.raises(Cut):
        get(server.url)
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n28\r\n" + b"x" * 40 + b"\r\n0\r\n\r\n"
    with TinyServer(chunked[: -cut - 7]) as server, pytest.raises((Cut, NotThePlatform)):
        get(server.url)


def test_a_dripping_reply_ends_at_the_deadline() -> None:
    """One byte at a time keeps every single read happy; the deadline for the whole ends it all the same."""
    limits = Limits(connect=5.0, read=5.0, total=0.5)
    with TinyServer(http(BODY), drip=0.02) as server:
        assert 0.4 < seconds_of(lambda: get(server.url, limits), TimedOut) < 2.0


def test_a_dripping_body_without_length_ends_at_the_deadline() -> None:
    """The end of a connection that our own deadline closed is not taken for the end of the reply."""
    limits = Limits(connect=5.0, read=5.0, total=0.5)
    with TinyServer(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + BODY, drip=0.004) as server:
        assert 0.4 < seconds_of(lambda: get(server.url, limits), TimedOut) < 2.0


def test_a_stalled_tls_greeting_ends_at_the_deadline() -> None:
    """A server that accepts and never says a word of TLS is left at the deadline."""
    limits = Limits(connect=5.0, read=5.0, total=0.5)
    with TinyServer(mute=True) as server:
        address = f"https://localhost:{server.port}"
        assert 0.4 < seconds_of(lambda: get(address, limits), TimedOut) < 2.0


def test_a_silent_server_ends_at_the_read_limit() -> None:
    """A server that takes the request and says nothing is left after the time for one read."""
    with TinyServer(mute=True) as server:
        limits = Limits(connect=5.0, read=0.3, total=30.0)
        assert seconds_of(lambda: get(server.url, limits), TimedOut) < 3.0


def test_a_server_that_never_reads_ends_at_the_deadline() -> None:
    """A request that nobody takes does not block for ever."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/v1/ops:batch"
        transport = Transport(Limits(connect=5.0, read=5.0, total=0.5))
        assert seconds_of(lambda: transport.exchange("POST", url, {}, b"x" * 30_000_000), TimedOut) < 3.0


def test_a_slow_line_gets_the_time_it_needs() -> None:
    """A long request may take far longer than a connection may, as long as the whole stays within its time."""
    with TinyServer(http(BODY), reads_after=0.6) as server:
        transport = Transport(Limits(connect=0.2, read=5.0, total=20.0))
        assert transport.exchange("POST", f"{server.url}/v1/ops:batch", {}, b"x" * 8_000_000).body == BODY
        assert len(server.requests[0]) > 8_000_000


def test_nobody_there_is_unreachable() -> None:
    """A closed port and a name that does not exist mean that nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unreachable):
        get(f"http://127.0.0.1:{port}")
    with pytest.raises(Unreachable):
        get("http://platform.invalid")


def test_too_long_a_reply_is_refused_before_it_is_read() -> None:
    """Two announced gigabytes are refused at once; what is longer than announced, packed or endless, at the cap."""
    with TinyServer(http(b"x", length=2 * 1024**3)) as server, pytest.raises(ReplyTooLarge):
        get(server.url)
    with TinyServer(http(b"x", length=10**400)) as server, pytest.raises(PlatformProblem):
        get(server.url)
    endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 200_000
    with TinyServer(endless) as server, pytest.raises(ReplyTooLarge):
        get(server.url)
    bomb = gzip.compress(b"\0" * 50_000_000)
    with TinyServer(http(bomb, extra="Content-Encoding: gzip\r\n")) as server, pytest.raises(ReplyTooLarge):
        get(server.url)


def test_a_cap_that_is_just_kept_is_kept() -> None:
    """A reply of exactly the longest length is read, one byte more is not."""
    with TinyServer(http(b"x" * 100_000)) as server:
        assert len(get(server.url)) == 100_000
    longer = http(gzip.compress(b"x" * 100_001), extra="Content-Encoding: gzip\r\n")
    with TinyServer(longer) as server, pytest.raises(ReplyTooLarge):
        get(server.url)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\x01\x02\x03" * 50,
        b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nabc",
        b"HTTP/1.1 999999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"",
    ],
)
def test_garbage_raises_a_platform_problem(answer: bytes) -> None:
    """Whatever speaks at the other end, nothing but a PlatformProblem comes out, or bytes that no reader accepts."""
    with TinyServer(answer) as server:
        try:
            found = get(server.url)
        except PlatformProblem:
            return
        assert found in (b"", b"abc")


def test_redirects_are_not_followed() -> None:
    """A redirect is handed back as it is; nobody else is asked."""
    with TinyServer(http(b"{}")) as elsewhere:
        answer = http(b"", status="302 Found", extra=f"Location: {elsewhere.url}/v1/hello\r\n")
        with TinyServer(answer) as server:
            reply = Transport(SHORT).exchange("GET", f"{server.url}/v1/hello", {})
        assert reply.status == 302
        assert elsewhere.requests == []


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither proxy variables nor .netrc send records or credentials elsewhere."""
    (tmp_path / "netrc").write_text("machine localhost login someone password secret\n", encoding="ascii")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    with TinyServer(http(BODY)) as server:
        assert get(server.url) == BODY
        assert b"authorization" not in server.requests[0].lower()


def test_the_system_proxy_is_used_when_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the setting on, the request goes to the proxy of the system; a dead proxy means unreachable."""
    with TinyServer(http(BODY)) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert get("http://platform.invalid", use_system_proxy=True) == BODY
        assert proxy.requests[0].startswith(b"GET http://platform.invalid/v1/hello ")
    with pytest.raises(Unreachable):
        get("http://platform.invalid", use_system_proxy=True)


def test_cookies_are_not_kept() -> None:
    """What one reply sets does not travel with the next request."""
    with TinyServer(http(BODY, extra="Set-Cookie: session=1; Path=/\r\n")) as server:
        transport = Transport(SHORT)
        for _ in range(2):
            transport.exchange("GET", f"{server.url}/", {})
        assert all(b"ookie" not in request for request in server.requests)
        assert len(server.requests) == 2


def test_abort_ends_a_call_at_once() -> None:
    """An abort from another thread ends a waiting call long before its time, and the next call works."""
    transport = Transport(Limits(connect=10.0, read=10.0, total=10.0))
    ended: list[BaseException | None] = []

    def call(url: str) -> None:
        try:
            transport.exchange("GET", url, {})
            ended.append(None)
        except PlatformProblem as problem:
            ended.append(problem)

    with TinyServer(mute=True) as server:
        thread = threading.Thread(target=call, args=(server.url,))
        thread.start()
        begun = time.monotonic()
        until(lambda: transport.abort() or ended, "the call ended")  # type: ignore[func-returns-value]
        thread.join(5)
        assert time.monotonic() - begun < 2.0
        assert isinstance(ended[0], Cut)
    with TinyServer(http(BODY)) as server:
        assert transport.exchange("GET", server.url, {}).body == BODY


def test_no_thread_is_left_behind() -> None:
    """The watchdog of an exchange ends with it."""
    with TinyServer(http(BODY)) as server:
        for _ in range(20):
            get(server.url)
    until(lambda: not [t for t in threading.enumerate() if isinstance(t, threading.Timer)], "no watchdog is left")


def test_only_a_certificate_for_the_name_by_a_trusted_authority_is_accepted(tmp_path: Path) -> None:
    """Right authority, right name, right time: anything else is refused by a sentence that names the clock first."""
    authority = Authority(tmp_path / "ours")
    context = authority.client_context()
    with TinyServer(http(BODY), tls=authority.server_context("localhost")) as server:
        assert get(server.url, context=context) == BODY
        # The store of the machine does not know this authority.
        with pytest.raises(NotTrusted) as refused:
            get(server.url)
        assert "日期和时间" in refused.value.message
    for wrong in (
        authority.server_context("other.example"),
        authority.server_context("localhost", expired=True),
        Authority(tmp_path / "foreign").server_context("localhost"),
    ):
        with TinyServer(http(BODY), tls=wrong) as server:
            with pytest.raises(NotTrusted):
                get(server.url, context=context)
            assert server.requests == []


def test_no_other_authorities_are_added(tmp_path: Path) -> None:
    """The trust store is used as it is: no list that comes with a library is loaded into it."""
    loaded: list[object] = []

    class Watching(ssl.SSLContext):
        def load_verify_locations(self, *files: object, **named: object) -> None:
            loaded.append((files, named))

    authority = Authority(tmp_path / "ours")
    context = Watching(ssl.PROTOCOL_TLS_CLIENT)
    with TinyServer(http(BODY), tls=authority.server_context("localhost")) as server, pytest.raises(NotTrusted):
        get(server.url, context=context)
    assert loaded == []


def test_old_tls_is_refused(tmp_path: Path) -> None:
    """A server that speaks only TLS 1.1 or older gets no request."""
    authority = Authority(tmp_path / "ours")
    old = authority.server_context("localhost")
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with TinyServer(http(BODY), tls=old) as server:
        with pytest.raises((NotTrusted, Cut)):
            get(server.url, context=authority.client_context())
        assert server.requests == []


def test_plain_http_behind_an_https_address_is_no_platform() -> None:
    """A portal that answers plain HTTP at the TLS port is not believed."""
    with TinyServer(http(BODY)) as server, pytest.raises(PlatformProblem):
        get(f"https://localhost:{server.port}")

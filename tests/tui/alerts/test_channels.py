"""Each way to send an alert, against the real thing on loopback; and what never shows when one fails."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from apprise import Apprise

from engine.model.errors import AlertError
from tui.alerts.channels import Bell, Command, Desktop, Toast, make_channels, toast_sequence
from tui.alerts.message import TEST, Alert
from tui.alerts.urls import UrlChannel

DEADLINE_S = 30.0
ALERT = Alert(
    "SPY 685C: volume_spike, buy", "1,840 in 10 s; z 6", "SPY", "volume_spike", strength=0.8, ts_ns=5
)
CANARY = "canary-7f3a91"


@dataclass
class Served:
    """A web server that answers with `status`, and what it was sent."""

    port: int
    posted: SimpleQueue[tuple[str, dict[str, Any]]] = field(default_factory=SimpleQueue)
    status: int = 200


@pytest.fixture
def web() -> Iterator[Served]:
    """Serve on loopback until the test is over."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            served.posted.put((self.path, json.loads(body)))
            self.send_response(served.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing on stderr."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    served = Served(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


# --- the terminal -----------------------------------------------------------------------------------------


def test_the_bell_is_one_character() -> None:
    wrote: list[str] = []
    Bell(wrote.append).send(ALERT)
    assert wrote == ["\a"]


@pytest.mark.parametrize(
    ("environ", "sequence"),
    [
        ({"TERM": "xterm-256color"}, "\x1b]9;a – b; c\x1b\\"),
        ({"TERM": "foot"}, "\x1b]777;notify;a;b; c\x1b\\"),
        ({"TERM": "xterm", "VTE_VERSION": "7400"}, "\x1b]777;notify;a;b; c\x1b\\"),
        ({"TERM": "tmux-256color", "TMUX": "socket,1,0"}, "\x1bPtmux;\x1b\x1b]9;a – b; c\x1b\x1b\\\x1b\\"),
    ],
)
def test_a_toast_is_the_sequence_the_terminal_speaks(environ: dict[str, str], sequence: str) -> None:
    assert toast_sequence(Alert("a", "b; c"), environ) == sequence


@pytest.mark.parametrize("environ", [{}, {"TERM": "foot"}])
def test_nothing_in_a_signal_can_end_the_sequence_or_begin_another(environ: dict[str, str]) -> None:
    evil = Alert("a;b\x07\x1b]0;t\x9c", "c\x1b\\\r\n\x9d8;;http://x")
    inside = toast_sequence(evil, environ).removeprefix("\x1b]").removesuffix("\x1b\\")
    assert inside.isprintable()
    if environ:
        assert inside.count(";") == 3 + evil.body.count(";")


@pytest.mark.parametrize("channel", [Bell(None), Toast(None, {})])
def test_without_a_terminal_there_is_no_bell_and_no_toast(channel: Bell | Toast) -> None:
    with pytest.raises(AlertError, match=f"The alert channel {channel.name} failed: there is no terminal"):
        channel.send(ALERT)


# --- commands ---------------------------------------------------------------------------------------------


def script(folder: Path, text: str) -> str:
    file = folder / "hook.py"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_a_command_gets_its_arguments_filled_in_and_the_alert_on_stdin(tmp_path: Path) -> None:
    hook = script(
        tmp_path,
        "import json, sys\njson.dump([sys.argv[2:], json.load(sys.stdin)], open(sys.argv[1], 'w'))\n",
    )
    out = tmp_path / "out.json"
    Command([sys.executable, hook, str(out), "{title}", "x {strength}; rm -rf {contract}", "$HOME"]).send(
        ALERT
    )
    words, told = json.loads(out.read_text())
    assert words == ["SPY 685C: volume_spike, buy", "x 0.80; rm -rf ", "$HOME"]
    assert told == ALERT.as_object()


def test_what_is_filled_in_is_not_read_again_for_placeholders(tmp_path: Path) -> None:
    hook = script(tmp_path, "import sys\nopen(sys.argv[1], 'w').write(sys.argv[2])\n")
    out = tmp_path / "out"
    Command([sys.executable, hook, str(out), "{title}"]).send(Alert("{body} {nothing}", "secret"))
    assert out.read_text() == "{body} {nothing}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import sys\nsys.exit(3)\n", "ended with status 3"),
        ("raise SystemExit('no such \\x1b[31mroom')\n", r"ended with status 1 \(no such \[31mroom\)"),
        ("import threading\nthreading.Event().wait()\n", r"took longer than 0\.2 s"),
    ],
)
def test_a_command_that_fails_says_how(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(AlertError, match=reason):
        Command([sys.executable, script(tmp_path, text)], timeout_s=0.2 if "Event" in text else 30).send(
            ALERT
        )


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        ((), r"there is nothing to run; put command = \["),
        (("no-such-program-anywhere",), "no-such-program-anywhere is not a program that can be run"),
        ((sys.executable, "{tilte}"), r"\{tilte\} is no placeholder; there are title, body, symbol"),
    ],
)
def test_a_command_that_cannot_work_is_known_beforehand(argv: tuple[str, ...], reason: str) -> None:
    with pytest.raises(AlertError, match=reason):
        Command(argv).prepare()


def test_the_desktop_is_asked_by_the_program_that_is_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    program = tmp_path / "notify-send"
    program.write_text(f"#!{sys.executable}\nimport sys\nopen({str(out)!r}, 'w').write(repr(sys.argv[1:]))\n")
    program.chmod(0o755)
    find = {"notify-send": str(program)}.get
    Desktop(find).send(Alert("-t", "a < b & c"))
    assert out.read_text() == repr(["--app-name=spymon", "--", "-t", "a &lt; b &amp; c"])


def test_a_desktop_without_either_program_is_a_sentence() -> None:
    with pytest.raises(AlertError, match="neither notify-send nor osascript is installed"):
        Desktop(lambda _: None).prepare()


# --- apprise ----------------------------------------------------------------------------------------------


def test_a_webhook_receives_json(web: Served) -> None:
    UrlChannel("json", f"json://127.0.0.1:{web.port}/hook").send(ALERT)
    path, told = web.posted.get(timeout=DEADLINE_S)
    assert path == "/hook"
    assert (told["title"], told["message"]) == (ALERT.title, ALERT.body)


def test_ntfy_receives_the_topic_and_the_message(web: Served) -> None:
    UrlChannel("ntfy", f"ntfy://127.0.0.1:{web.port}/spy").send(ALERT)
    _, told = web.posted.get(timeout=DEADLINE_S)
    assert (told["topic"], told["title"], told["message"]) == ("spy", ALERT.title, ALERT.body)


def test_a_service_that_refuses_is_a_sentence(web: Served) -> None:
    web.status = 403
    with pytest.raises(AlertError, match=r"The alert channel json failed: .*403"):
        UrlChannel("json", f"json://127.0.0.1:{web.port}/hook").send(ALERT)


async def test_a_mail_is_delivered() -> None:
    mails: SimpleQueue[bytes] = SimpleQueue()

    class Inbox:
        async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802
            mails.put(envelope.content)
            return "250 OK"

    async with await asyncio.get_running_loop().create_server(lambda: SMTP(Inbox()), "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        channel = UrlChannel("mailto", f"mailto://127.0.0.1:{port}?from=spymon@example.org&to=me@example.org")
        await asyncio.to_thread(channel.send, ALERT)
    mail = message_from_bytes(mails.get(timeout=DEADLINE_S))
    assert mail["Subject"] == ALERT.title
    assert "me@example.org" in mail["To"]


@pytest.mark.parametrize(
    ("url", "service"),
    [
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "NotifyDiscord"),
        ("https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "NotifyDiscord"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "NotifyTelegram"),
        ("ntfy://topic", "NotifyNtfy"),
        ("mailtos://user:pass@example.org?to=me@example.org", "NotifyEmail"),
    ],
)
def test_the_urls_of_services_that_cannot_be_run_here_are_understood(url: str, service: str) -> None:
    UrlChannel("x", url).prepare()
    assert type(Apprise.instantiate(url)).__name__ == service


@pytest.mark.parametrize(
    "url",
    [
        f"json://me:{CANARY}@127.0.0.1:1/{CANARY}",
        f"ntfy://{CANARY}@127.0.0.1:1/{CANARY}",
        f"nosuch://{CANARY}",
        f"discord://{CANARY}",
        f"tgram://{CANARY}",
        f"mailto://me:{CANARY}@127.0.0.1:1?to=me@example.org",
    ],
)
def test_no_failure_repeats_a_secret(
    url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AlertError) as caught:
        UrlChannel("x", url).send(ALERT)
    heard = capfd.readouterr()
    assert CANARY not in f"{caught.value!r} {caught.value} {heard.out} {heard.err}"
    assert heard.err == ""


def test_two_channels_of_one_scheme_have_two_names() -> None:
    made = make_channels(("ntfy://a", "bell", "ntfy://b", "ntfy://a"), (), None, {})
    assert [channel.name for channel in made] == ["ntfy", "bell", "ntfy-2"]


def test_a_channel_can_send_again(web: Served) -> None:
    channel = UrlChannel("json", f"json://127.0.0.1:{web.port}/hook")
    channel.send(TEST)
    channel.send(ALERT)
    assert [web.posted.get(timeout=DEADLINE_S)[1]["title"] for _ in range(2)] == [TEST.title, ALERT.title]

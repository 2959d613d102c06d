"""Why there is no connection, as sentences for a person."""

from __future__ import annotations

import socket
import ssl

from websockets.uri import WebSocketURI

SLEPT = "This machine was asleep."
UNGRANTED = "None of the channels is granted: the plan does not cover them."


def unreachable(error: OSError | UnicodeError, uri: WebSocketURI, within_s: float) -> str:
    """Return one sentence on why a host could not be reached."""
    match error:
        case socket.gaierror() | UnicodeError():
            return f"The host {uri.host} is not known: check the address and the network."
        case ssl.SSLCertVerificationError():
            return untrusted(uri.host, error)
        case ssl.SSLError():
            return f"The host {uri.host} does not speak TLS on port {uri.port}: {error.reason}."
        case ConnectionRefusedError():
            return f"The host {uri.host} takes no connections on port {uri.port}."
        case TimeoutError():
            return f"The host {uri.host} did not answer within {within_s:g} s."
        case ConnectionError():
            return f"The host {uri.host} broke off the connection on port {uri.port}: check the address."
        case _:
            return f"The host {uri.host} cannot be reached: {error.strerror or type(error).__name__}."


def untrusted(host: str, error: ssl.SSLCertVerificationError) -> str:
    """Return one sentence on a certificate that does not prove that a host is itself."""
    return (
        f"The certificate of {host} is not trusted ({error.verify_message}): check the address and this "
        "machine's clock; if your network has an authority of its own, name its file in SSL_CERT_FILE."
    )

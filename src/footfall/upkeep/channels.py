"""Message channels: a webhook, an e-mail, a line in a file."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import asdict
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from footfall.alerts import AlertSettings, EmailSettings
from footfall.concealing import concealed
from footfall.errors import SettingsError, UnreachableError, UnsentError
from footfall.parts import Secret
from footfall.upkeep.alarms import Message

if TYPE_CHECKING:
    from footfall.http import Client

_SECONDS = 30
_OURS = ("localhost", "127.0.0.1", "::1")


def channels_of(alert: AlertSettings) -> Iterator[str]:
    """The channels of an alert, by name."""
    yield from (name for name in ("webhook", "email", "file") if getattr(alert, name))


def send(channel: str, alert: AlertSettings, message: Message, folder: Path, client: Callable[[], Client]) -> None:
    """Send one message. Raises UnsentError; its message holds no secrets, such as the address of a webhook."""
    try:
        if channel == "webhook" and alert.webhook:
            _post(alert.webhook, message, client())
        elif channel == "email" and alert.email:
            _mail(alert.email, message)
        elif channel == "file" and alert.file:
            _append(folder / alert.file, message)
    except SettingsError as error:
        raise UnsentError(f"the {channel} of the alert {message.alert} cannot be used: {error}") from None


def _post(address: Secret, message: Message, client: Client) -> None:
    """JSON with `text`, which chat services show, and each part separately for programs."""
    from footfall.http import StatusError

    content = {**asdict(message), "state": "alarm" if message.is_alarm else "over", "text": concealed(str(message))}
    said = ""
    try:
        client.post(address.reveal(), json=content)
        return
    except StatusError as error:
        said = f"it answered {error.status}"
    except UnreachableError:
        said = "it cannot be reached, or redirects"
    raise UnsentError(
        f"the webhook of the alert {message.alert} did not accept the message ({said}); it is retried next time."
    )


def _mail(to: EmailSettings, message: Message) -> None:
    subject = f"Footfall {'ALARM' if message.is_alarm else 'over'}: {message.alert}"
    what = f"the e-mail of the alert {message.alert}"
    send_mail(to, subject, f"{message}\n", what, "; it is retried next time")


def send_mail(to: EmailSettings, subject: str, text: str, what: str, then: str = "") -> None:
    """Send one e-mail.

    Args:
        to: The recipient, and the server to use.
        subject: One line.
        text: The body; secrets are removed.
        what: What it is, for use in an error message.
        then: What happens after an error, for the end of that message.

    Raises:
        UnsentError: If the server does not accept it; the message contains no secrets.
    """
    mail = EmailMessage()
    mail["From"], mail["To"] = to.sender, ", ".join(to.to)
    mail["Subject"] = " ".join(concealed(subject).split())
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain=to.sender.rpartition("@")[2] or None)
    mail.set_content(concealed(text))
    try:
        with _connected(to.server.reveal()) as server:
            server.send_message(mail)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        said = _reason(error)
        if isinstance(error, UnicodeEncodeError):
            said = "its user or password has a character that is not ASCII, which mail servers do not accept"
        raise UnsentError(f"{what} could not be sent ({said}){then}.") from None


def _reason(error: Exception) -> str:
    """Why a server rejected a mail. Its own message may repeat what was sent, and is left out."""
    if isinstance(error, ConnectionRefusedError):
        return "the server refused the connection"
    if isinstance(error, TimeoutError):
        return f"the server did not answer within {_SECONDS} s"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "the server refused the user or the password"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the server answered {error.smtp_code}"
    return type(error).__name__


def _connected(address: str) -> smtplib.SMTP:
    """The server at smtps://user:password@host:465, or at smtp://… with STARTTLS; a password is always encrypted."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, parts.port or 465, timeout=_SECONDS, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=_SECONDS)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        elif parts.username and host not in _OURS:
            server.close()
            raise smtplib.SMTPException("the server offers no encryption")
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server


def _append(file: Path, message: Message) -> None:
    line = " ".join(concealed(str(message)).split())
    try:
        with file.open("a", encoding="utf-8") as out:
            out.write(line + "\n")
    except OSError as error:
        raise UnsentError(f"{file} cannot be written ({error.strerror}); the message is retried next time.") from None

"""Mail by SMTP. The Message-ID is made of the notice's id, so a repeat is the same mail to whoever sorts it.

Until the last dot of the text the server has not taken it; after that it may have, whether or not it says so.
"""

import asyncio
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

import aiosmtplib

from services.followup.domain.sending import Answer, Letter, Result

PATIENCE = 15.0  # seconds an answer may take


class Mail:
    def __init__(self, address: str, sender: str) -> None:
        self.server = urlsplit(address)
        self.sender = sender
        self.domain = sender.rpartition("@")[2]
        self.idle: list[aiosmtplib.SMTP] = []

    async def send(self, letter: Letter) -> Result:
        """What goes wrong before the recipient is named is about us, and passes; the recipient or the text may be refused for good."""
        try:
            text = self.message(letter).as_bytes()
            letter.to.encode("ascii")
        except (ValueError, AttributeError):  # Python's parser of addresses stumbles over some
            return Result(Answer.REFUSED, reason="the address can't be written in a mail")
        try:
            connection = await self.connected()
        except aiosmtplib.SMTPAuthenticationError:
            return Result(Answer.BUSY, reason="the mail server does not let us in")
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            return Result(Answer.BUSY, reason="the mail server can't be reached")
        try:
            await connection.mail(self.sender)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            connection.close()
            return Result(Answer.BUSY, reason="the mail server does not take mail from us")
        try:
            await connection.rcpt(letter.to)
        except aiosmtplib.SMTPResponseException as error:
            await self.leave(connection)
            return refusal(error)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            connection.close()
            return Result(Answer.BUSY, reason="the mail server went away")
        try:
            return await self.write(connection, text)
        except asyncio.CancelledError:
            connection.close()
            raise

    async def write(self, connection: aiosmtplib.SMTP, text: bytes) -> Result:
        try:
            answer = await connection.data(text)
        except aiosmtplib.SMTPResponseException as error:
            await self.leave(connection)
            return refusal(error)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            connection.close()
            return Result(Answer.UNSURE, reason="the mail server did not say whether it took it")
        self.idle.append(connection)
        return Result(Answer.TAKEN, provider_id=answer.message[:128])

    async def connected(self) -> aiosmtplib.SMTP:
        while self.idle:
            connection = self.idle.pop()
            try:
                await connection.rset()
            except (aiosmtplib.SMTPException, OSError, TimeoutError):
                connection.close()
            else:
                return connection
        server = self.server
        connection = aiosmtplib.SMTP(
            hostname=server.hostname, port=server.port, timeout=PATIENCE,
            use_tls=server.scheme == "smtps", start_tls=None if server.scheme == "smtp+starttls" else False,
            username=unquote(server.username) if server.username else None, password=unquote(server.password) if server.password else None,
        )  # fmt: skip
        await connection.connect()
        return connection

    async def leave(self, connection: aiosmtplib.SMTP) -> None:
        """Back to a clean slate, or closed."""
        try:
            await connection.rset()
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            connection.close()
        else:
            self.idle.append(connection)

    def message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, letter.to, " ".join(letter.subject.split())
        message["Message-ID"] = f"<{letter.id}@{self.domain}>"
        message["Date"] = format_datetime(letter.written_at)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message


def refusal(error: aiosmtplib.SMTPResponseException) -> Result:
    """5xx is for good, anything else for now (RFC 5321, 4.2.1)."""
    return Result(Answer.REFUSED if 500 <= error.code < 600 else Answer.BUSY, reason=f"the mail server did not take it ({error.code})")

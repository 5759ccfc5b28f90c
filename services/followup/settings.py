"""What follow-up is told by its environment."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    smtp: str = Field("", description="the mail server, smtp://user:password@host:port, smtps:// or smtp+starttls://")
    mail_from: str = Field("care@careloop.invalid", description="the sender of mails to customers")
    sms: str = Field("", description="where short messages are posted, http://host:port/messages")

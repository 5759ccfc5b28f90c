"""What follow-up does when the customer file speaks: a topic has one listener, so what an erasure asks for is heard here too."""

from services.followup.listeners.erasures import on
from services.followup.listeners.requests import remember_whom_to_tell
from shared.contracts.customers import NoticeRequested

__all__ = ["on"]

on(NoticeRequested)(remember_whom_to_tell)

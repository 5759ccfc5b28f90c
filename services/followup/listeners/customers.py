"""What follow-up does when the customer file speaks. What an erasure asks for stands in `erasures.py`."""

from services.followup.listeners.requests import remember_whom_to_tell
from shared.contracts.customers import NoticeRequested
from shared.reactions import Listener

on = Listener("careloop.customers")

on(NoticeRequested)(remember_whom_to_tell)

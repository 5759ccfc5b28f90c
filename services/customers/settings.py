"""What the customer file is told by its environment."""

from pydantic import Field

from shared.settings import ServiceSettings, SettingsError

SHORTEST = 16  # characters of a key


class Settings(ServiceSettings):
    erasure_key: str = Field(
        "", repr=False, description="the secret by which names of erased customers are known again, 16 characters or more; it never changes"
    )

    def key_of_erasures(self) -> str:
        """In development there is one that everybody knows."""
        if self.environment == "production" and len(self.erasure_key) < SHORTEST:
            what = "is missing" if not self.erasure_key else f"has fewer than {SHORTEST} characters"
            raise SettingsError(f"CARELOOP_ERASURE_KEY {what}. It is {type(self).model_fields['erasure_key'].description}.")
        return self.erasure_key

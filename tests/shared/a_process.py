"""The made-up API as a process of its own: `python -m tests.shared.a_process`, its settings in the environment."""

import uvloop

from shared.api import run_api
from shared.settings import ServiceSettings
from tests.shared import an_api
from tests.shared.an_api import SERVICE

an_api.SLEEP["seconds"] = 1.0  # long enough to be stopped amid a request

if __name__ == "__main__":
    uvloop.run(run_api(SERVICE, ServiceSettings.read("database", "issuer")))

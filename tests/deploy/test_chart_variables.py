"""Each variable and each file that the chart and its pods name is read by somebody."""

import pytest

from deploy.helm.rendering import EXAMPLES
from services.customers.settings import Settings as OfCustomers
from services.followup.settings import Settings as OfFollowup
from tests.deploy.charts import pods, rendered
from tests.deploy.test_chart_pods import container


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_variable_is_read_by_somebody(example: str) -> None:
    known = {f"CARELOOP_{name.upper()}" for kind in (OfCustomers, OfFollowup) for name in kind.model_fields}
    known |= {"CARELOOP_SECRETS", "CARELOOP_REPLICATION", "CARELOOP_OTLP", "CARELOOP_OPS", "PGSSLMODE", "PGSSLROOTCERT", "MALLOC_ARENA_MAX"}
    named = {it["name"] for _, template in pods(rendered(example)) for it in container(template).get("env", ())}
    named |= {
        item["path"]
        for _, template in pods(rendered(example))
        for volume in template["spec"].get("volumes", ())
        for source in volume.get("projected", {}).get("sources", ())
        for item in source["secret"].get("items", ())
        if item["path"].startswith("CARELOOP_")
    }
    assert named <= known

"""This process becomes Kafka Connect, standalone, as its own script starts it: the same collector, the compiler not held back as our broker's is.

`debezium.properties` beside the settings says what it connects.
"""

import os
from pathlib import Path

from deploy.local.kafka import _java
from tests.bench.relay_jars import class_path

JVM = (
    "-Xms256m", "-Xmx2g", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent", "-XX:MaxInlineLevel=15", "-Djava.awt.headless=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)  # fmt: skip
PROPERTIES = """\
bootstrap.servers={kafka}
listeners=http://127.0.0.1:{port}
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.converters.ByteArrayConverter
offset.storage.file.filename={folder}/connect.offsets
offset.flush.interval.ms=1000
plugin.discovery=service_load
producer.enable.idempotence=true
producer.batch.size=524288
producer.linger.ms=0
"""

if __name__ == "__main__":
    folder = Path(os.environ["CARELOOP_CONFIG"])
    worker = folder / "connect.properties"
    worker.write_text(PROPERTIES.format(kafka=os.environ["CARELOOP_KAFKA"], port=os.environ["CARELOOP_OPS_PORT"], folder=folder))
    os.environ["CLASSPATH"] = os.pathsep.join(map(str, class_path()))
    java = str(_java())
    os.execv(java, [java, *JVM, "org.apache.kafka.connect.cli.ConnectStandalone", str(worker), str(folder / "debezium.properties")])

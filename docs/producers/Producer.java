import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Publishes a customer and a shipment to Careloop: {@code java -cp "lib/*" Producer.java HOST:PORT ORDER}. Needs kafka-clients. */
public class Producer {
    public static void main(String[] told) throws Exception {
        String order = told[1], customer = "J-" + order, now = OffsetDateTime.now().toString();
        var settings = new Properties();
        settings.put("bootstrap.servers", told[0]);
        settings.put("acks", "all");
        settings.put("enable.idempotence", "true");
        settings.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        settings.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        try (var producer = new KafkaProducer<String, String>(settings)) {
            publish(producer, "careloop.inbound.customers", "erp/" + customer, "customer-" + customer, "customer.declared.v1", "erp/" + customer, """
                {"customer": {"system": "erp", "id": "%s"}, "kind": "company", "display_name": "Example Tubes",
                 "emails": ["tubes@example.com"], "preferred_channel": "email"}""".formatted(customer));
            publish(producer, "careloop.inbound.orders", "erp/" + customer, "shipped-" + order + "-1", "order.shipped.v1", order, """
                {"customer": {"system": "erp", "id": "%s"}, "order_id": "%s", "shipment_id": "%s-1", "shipped_at": "%s",
                 "carrier": {"code": "sf", "name": "SF Express"}, "tracking_number": "SF1400000007002"}""".formatted(customer, order, order, now));
        }
    }

    /** {@code id}: the same fact, the same id, however often it is sent. Returns when the broker has it, or throws. */
    static void publish(KafkaProducer<String, String> producer, String topic, String key, String id, String type, String subject, String data)
            throws Exception {
        var event = new ProducerRecord<>(topic, key, data);
        Map.of("ce_specversion", "1.0", "ce_id", id, "ce_source", "/erp", "ce_type", type, "ce_time", OffsetDateTime.now().toString(),
                "ce_subject", subject, "content-type", "application/json")
            .forEach((name, text) -> event.headers().add(name, text.getBytes(StandardCharsets.UTF_8)));
        producer.send(event).get();
    }
}

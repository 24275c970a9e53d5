"""Start Apache Kafka's own broker from its Maven artefacts: one node or a quorum of three, on loopback."""

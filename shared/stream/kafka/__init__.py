"""The log in Apache Kafka: the only place that imports aiokafka."""

from shared.stream.kafka.log import KafkaLog

__all__ = ["KafkaLog"]

"""The four services; they meet in Kafka topics and in the database views that their owners document, nowhere else."""

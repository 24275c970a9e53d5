"""The fixtures that every test may ask for: the real servers, each started once a session."""

pytest_plugins = ["tests.support.kafka", "tests.support.postgres"]

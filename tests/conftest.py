"""The fixtures that every test may ask for: the real servers, each started once a session; and the order of the tests."""

pytest_plugins = ["tests.support.kafka", "tests.support.order", "tests.support.postgres"]

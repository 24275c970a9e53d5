"""What an act was worth, as functions of values, without a clock, a log or a database."""

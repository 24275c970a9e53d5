"""What an act was worth: functions of values, without a clock, a log or a database."""

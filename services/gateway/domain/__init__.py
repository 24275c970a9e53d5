"""What credentials, requests to write and to read, formats and the record mean: functions of values."""

"""What happened on a platform, and which xAPI statements say so: functions of values."""

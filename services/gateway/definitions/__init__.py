"""What statements say of activities, merged beside the record: a consumer makes it, the doors serve it."""

"""What statements say of activities and agents, merged beside the record: a consumer makes it, the doors serve it."""

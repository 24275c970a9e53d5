"""Activity definitions: a consumer merges what statements say of activities beside the record, and the doors serve it."""

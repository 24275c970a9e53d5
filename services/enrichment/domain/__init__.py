"""What a statement says of people, artefacts and courses, as functions of values."""

"""Export statements into files, and import them from files and other LRSs, lot by lot and with the admission of the door."""

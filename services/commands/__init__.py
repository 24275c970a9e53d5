"""The commands of `symposia`, one module each: read the arguments, call the services, print what came out."""

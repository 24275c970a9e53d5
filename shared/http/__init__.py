"""HTTP: one application factory, problem+json, probes, metrics, request limits and draining."""

from shared.http.app import create_app
from shared.http.body import read_body
from shared.http.headers import header
from shared.http.problem import Fault, Problem, problem_response

__all__ = ["Fault", "Problem", "create_app", "header", "problem_response", "read_body"]

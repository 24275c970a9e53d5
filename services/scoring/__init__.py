"""Scoring computes what every act of social learning was worth to whom, and takes it back when the act is taken back.

```
enriched (who, whose, which courses) ──▶ facts and integer cells ──▶ impact.learner_impact, impact.explanation, impact.change
objection (leave me out)             ──▶ every fact with the person is deleted
```
"""

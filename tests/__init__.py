"""The tests mirror the package; folders beside that: derived, journeys, faults, benchmarks, packaging."""

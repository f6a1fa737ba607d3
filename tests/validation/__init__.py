"""The papers that trusted systems have, generated from the catalogue, its vectors and the tests, and kept in step by one."""

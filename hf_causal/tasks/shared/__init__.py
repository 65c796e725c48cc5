"""Parts that several tasks share: names, statements, row schema, cells, split assignment, proofs."""

"""What a person can DO, and the only way in: rules, then one transaction with record, ledger, outbox and audit row."""

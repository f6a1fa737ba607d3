"""One encrypted SQLite file per profile: schema from the declarations, records, ledger, outbox, audit, drafts."""

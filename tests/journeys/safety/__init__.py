"""The wrong bag does not leave: one journey in the real window for each way in which it was tried elsewhere."""

"""Dialogs, editors and scanning, against a desk that answers at once and keeps everything in memory."""

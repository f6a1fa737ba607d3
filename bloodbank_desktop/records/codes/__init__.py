"""The codes printed on blood bags and identity papers: one module for each standard, `scan` reads what a scanner sent.

The danger is a value that looks right and is wrong, so nothing here corrects what it read without saying so.
"""

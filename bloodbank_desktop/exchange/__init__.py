"""Excel in and out of the modules that declare it; the only room that knows the Excel libraries."""

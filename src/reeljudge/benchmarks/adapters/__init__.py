"""One small adapter per release: from its files, as they were published, to a `Release`."""

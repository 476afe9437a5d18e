"""The site, one file for each page: `home`, `search`, `record`, `map`, `about`."""

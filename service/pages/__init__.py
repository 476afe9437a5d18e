"""The site, one file for each page: `home`, `search`, `record`, `map`, `account`, `about`."""

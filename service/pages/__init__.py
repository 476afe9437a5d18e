"""The site, one file for each page: `home`, `search`, `record`, `map`, `visit_note`, `filing`, `my_demands`, `my_alerts`, `account`, `about`."""

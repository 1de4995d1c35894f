"""Pages: what a browser is shown. `site` is the ground that all of them stand on."""

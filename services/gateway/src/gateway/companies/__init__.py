"""The list of companies: searched, filtered and sorted."""

"""How bureaus are reached: accounts, credentials, addresses to push to, what came back."""

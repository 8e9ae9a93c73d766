"""What the register and the registries say of each company, and what its form lets be done."""

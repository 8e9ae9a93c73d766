"""How fast Kundvakt is, beside what the machine and the field's peers do in the same minute."""

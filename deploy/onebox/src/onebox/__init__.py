"""All of Kundvakt on one machine: embedded servers, the services, and what keeps them running."""

"""The tables that the gateway keeps for good; read models stand beside them and are rebuilt."""

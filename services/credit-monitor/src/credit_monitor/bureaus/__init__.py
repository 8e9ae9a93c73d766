"""The credit bureaus that can be asked, behind one port."""

"""The fault ledger: people use the site while its processes and its database die; what they were told is compared.

`make faults` runs it. `docs/reliability.md` says what it counts.
"""

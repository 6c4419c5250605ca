"""The lab: a web page in which a person sees what an initialization does. `initlab serve` opens it."""

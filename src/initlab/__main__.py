"""`python -m initlab` is `initlab`."""

from initlab.cli import main

if __name__ == "__main__":
    main()

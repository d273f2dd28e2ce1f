"""`python -m commons`."""

from commons.cli.main import main

if __name__ == "__main__":
    main()

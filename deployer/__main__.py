"""`python -m deployer` is `deploy`."""

from deployer.cli import main

if __name__ == "__main__":
    main()

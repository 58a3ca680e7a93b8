"""sites.yaml → Config: the models, the loader that knows every line, and the checks between sites.

`deployer.config.loader.load(path)` is the way in; `deployer.config.model.Config` is what comes out.
"""

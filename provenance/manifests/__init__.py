"""C2PA manifests: identities, claims, signing and reading. c2pa-python stays behind `signing` and `verification`."""

"""C2PA manifests: keys, claims, signing and verification. c2pa-python stays behind two of these modules."""

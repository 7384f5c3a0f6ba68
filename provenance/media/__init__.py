"""The only decoders and encoders: bounded, orientation and colour profile applied, one array convention."""

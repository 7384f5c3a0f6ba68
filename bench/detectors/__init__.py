"""How well detectors find what they are for, on material that whoever runs it brings."""

"""Telling other systems what happened, signed (Standard Webhooks), until they have heard it."""

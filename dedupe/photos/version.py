"""The version of how photos are decoded; apart, so that asking for it loads no decoder."""

# Part of every encoder's fingerprint: raise it when a photo's pixels come out differently.
DECODE_VERSION = 2

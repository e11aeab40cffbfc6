package dev.paligemma.checkpoint.internal.numpy;

/**
 * One file of a zip archive, as its directory describes it: compressed or stored as it is, with the CRC-32 of its
 * contents, its sizes in the archive and unpacked, and where its local header starts.
 */
record ZipMember(String name, boolean deflated, long crc, long packedBytes, long bytes, long headerOffset) {}

package dev.paligemma.checkpoint.internal.numpy;

/**
 * One file of a zip archive, as its directory describes it.
 *
 * @param name its name
 * @param deflated whether it is compressed; if not, it is stored as it is
 * @param crc the CRC-32 of its contents
 * @param packedBytes what it takes in the archive
 * @param bytes what it takes unpacked
 * @param headerOffset where its local header starts
 */
record ZipMember(String name, boolean deflated, long crc, long packedBytes, long bytes, long headerOffset) {}

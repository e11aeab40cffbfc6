package dev.paligemma.tokenizer;

/**
 * A token that is cut out of a text before anything is merged.
 *
 * @param content the spelling
 * @param id the token id
 * @param special whether decoding may skip it
 * @param normalized whether it is looked for after spaces have been replaced rather than in the raw text
 */
record AddedToken(String content, int id, boolean special, boolean normalized) {}

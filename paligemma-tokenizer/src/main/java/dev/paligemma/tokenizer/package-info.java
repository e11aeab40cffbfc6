/**
 * Text to token ids and back, the prompt layout, and the location and segmentation codes of PaliGemma.
 *
 * <p>{@link dev.paligemma.tokenizer.PaliGemmaTokenizer} reads the checkpoint's own {@code tokenizer.json}, or its
 * {@code tokenizer.model}, and gives the ids that the Hugging Face {@code tokenizers} library gives for that file.
 * {@link dev.paligemma.tokenizer.PromptEncoder} lays out image placeholders, {@code <bos>}, the prompt and the closing
 * newline as {@code PaliGemmaProcessor} of {@code transformers} does.
 *
 * <p>Everything here is plain Java. Loaded objects are immutable and may be shared between threads; only
 * {@link dev.paligemma.tokenizer.StreamingDecoder} has state and belongs to one generation.
 */
@NullMarked
package dev.paligemma.tokenizer;

import org.jspecify.annotations.NullMarked;

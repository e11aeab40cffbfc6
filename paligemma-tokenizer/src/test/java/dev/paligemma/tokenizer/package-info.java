/** Tests of the tokenizer. */
@NullMarked
package dev.paligemma.tokenizer;

import org.jspecify.annotations.NullMarked;

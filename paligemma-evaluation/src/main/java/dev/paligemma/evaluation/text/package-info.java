/** Metrics of captions: CIDEr-D, BLEU and ROUGE-L, and the tokens that they compare. */
@NullMarked
package dev.paligemma.evaluation.text;

import org.jspecify.annotations.NullMarked;

/**
 * The tokens of the Penn Treebank as the scores of captions need them, by rules of which the one that takes the longest text
 * wins.
 */
@NullMarked
package dev.paligemma.evaluation.internal.ptb;

import org.jspecify.annotations.NullMarked;

/**
 * Tokens of an answer: what may be written next.
 *
 * <p>A {@link dev.paligemma.token.TokenConstraint} restricts an answer while it is written.
 * {@link dev.paligemma.token.TokenConstraints} makes the usual ones: one of several answers, a regular expression, a
 * list, boxes and masks with given labels.
 */
@NullMarked
package dev.paligemma.token;

import org.jspecify.annotations.NullMarked;

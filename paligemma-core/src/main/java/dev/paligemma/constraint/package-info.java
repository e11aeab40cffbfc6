/**
 * Tokens of an answer: what may be written next.
 *
 * <p>A {@link dev.paligemma.constraint.TokenConstraint} restricts an answer while it is written.
 * {@link dev.paligemma.constraint.TokenConstraints} makes the usual ones: one of several answers, a regular expression, a
 * list, boxes and masks with given labels.
 */
@NullMarked
package dev.paligemma.constraint;

import org.jspecify.annotations.NullMarked;

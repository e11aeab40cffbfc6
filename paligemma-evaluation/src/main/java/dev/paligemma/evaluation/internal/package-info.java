/** What metrics of several packages share: texts and numbers as Python understands them. */
@NullMarked
package dev.paligemma.evaluation.internal;

import org.jspecify.annotations.NullMarked;

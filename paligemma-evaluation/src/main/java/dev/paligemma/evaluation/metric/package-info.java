/** What a metric is: the cases that it scores and the scores that it gives. */
@NullMarked
package dev.paligemma.evaluation.metric;

import org.jspecify.annotations.NullMarked;

/** What people look at besides: figures as a table, as events of TensorBoard and as a curve. */
@NullMarked
package dev.paligemma.training.internal.report;

import org.jspecify.annotations.NullMarked;

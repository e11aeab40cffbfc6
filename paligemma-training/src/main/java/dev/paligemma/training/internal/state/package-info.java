/** What a run can be resumed from: its state as files. */
@NullMarked
package dev.paligemma.training.internal.state;

import org.jspecify.annotations.NullMarked;

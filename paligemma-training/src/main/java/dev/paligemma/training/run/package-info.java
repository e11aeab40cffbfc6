/** What a fine-tuning says about itself: its plan, its progress, its figures and its result. */
@NullMarked
package dev.paligemma.training.run;

import org.jspecify.annotations.NullMarked;

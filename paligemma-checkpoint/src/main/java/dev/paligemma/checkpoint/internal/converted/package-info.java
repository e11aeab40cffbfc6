/** What a folder of converted weights says about itself. */
@NullMarked
package dev.paligemma.checkpoint.internal.converted;

import org.jspecify.annotations.NullMarked;

/** What a run leaves behind: folders of adapters, checkpoints and files of tensors. */
@NullMarked
package dev.paligemma.training.internal.output;

import org.jspecify.annotations.NullMarked;

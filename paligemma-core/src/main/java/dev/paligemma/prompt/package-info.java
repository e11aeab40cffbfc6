/** The prompts that PaliGemma was trained on, as functions: see {@link dev.paligemma.prompt.Prompts}. */
@NullMarked
package dev.paligemma.prompt;

import org.jspecify.annotations.NullMarked;

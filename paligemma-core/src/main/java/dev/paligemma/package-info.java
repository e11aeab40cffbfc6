/**
 * Captions, answers, text and boxes from images: the public interface of PaliGemma for Java.
 *
 * <p>Start at {@link dev.paligemma.PaliGemmaPipeline}.
 */
@NullMarked
package dev.paligemma;

import org.jspecify.annotations.NullMarked;

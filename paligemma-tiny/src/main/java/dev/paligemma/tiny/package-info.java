/** A trained PaliGemma 2 of a few megabytes, its mask decoder and a picture, for tests and demonstrations. */
@NullMarked
package dev.paligemma.tiny;

import org.jspecify.annotations.NullMarked;

/**
 * What every part of PaliGemma for Java shares: the engine interface and the root of the exceptions.
 */
@NullMarked
package dev.paligemma.engine;

import org.jspecify.annotations.NullMarked;

/** Tests that every engine must pass, shared with the modules of the engines. */
@NullMarked
package dev.paligemma.engine.contract;

import org.jspecify.annotations.NullMarked;

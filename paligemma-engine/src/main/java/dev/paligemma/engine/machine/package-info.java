/** What the computer has to offer: processor, free memory, NVIDIA driver. No program is run to find out. */
@NullMarked
package dev.paligemma.engine.machine;

import org.jspecify.annotations.NullMarked;

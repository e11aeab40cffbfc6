/** An HTTP server in front of a model: how it is set up, started and stopped. */
@NullMarked
package dev.paligemma.server;

import org.jspecify.annotations.NullMarked;

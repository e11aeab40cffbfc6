/** Pictures of requests: bounded, and fetched from nowhere that was not allowed. */
@NullMarked
package dev.paligemma.server.internal.picture;

import org.jspecify.annotations.NullMarked;

/** The model behind the endpoints, while it is loaded and afterwards. */
@NullMarked
package dev.paligemma.server.internal.model;

import org.jspecify.annotations.NullMarked;

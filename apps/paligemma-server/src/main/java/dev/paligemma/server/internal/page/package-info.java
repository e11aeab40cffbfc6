/** The web page of the server: files that a browser gets, and nothing that runs here. */
@NullMarked
package dev.paligemma.server.internal.page;

import org.jspecify.annotations.NullMarked;
